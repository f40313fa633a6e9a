import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import type { Answer, Asked } from "./check.ts";

/** How a line about something that is gone ends; `deploy` and `preview` know it by this. */
export const goneMark = "is gone, though the last update had it";

/**
 * Something of a deployed instance that isn't there any more. `holdsData`: a refresh makes an empty
 * one in its place.
 */
export function gone(what: string, { instanceName }: ResolvedInstance, holdsData = false): string {
  const heal = holdsData
    ? "restore it first; `--refresh` makes an empty one in its place"
    : "`--refresh` (`npx mlflow-instances deploy <stack> --refresh`, `pulumi up --refresh`) puts it back";
  return `${what} of instance ${instanceName} ${goneMark}: an update leaves it so; ${heal}`;
}

/** Something that a new instance needs and that is there already. */
export interface Taken {
  readonly instance: ResolvedInstance;
  /** A whole line. */
  readonly line: string;
  /** Path in the instance's file. */
  readonly path?: string;
  /** Whether it can't be this stack's, whatever the state has. */
  readonly foreign?: boolean;
}

/**
 * Sorts what is taken: an update of this stack that failed or was interrupted leaves things that
 * its outputs don't have, and may go on with them.
 */
export async function judgeTaken(
  taken: readonly Taken[],
  { inState }: Pick<Asked, "inState">,
): Promise<Partial<Answer>> {
  const open = taken.filter(({ foreign }) => foreign !== true);
  const known = open.length === 0 ? undefined : await inState();
  const errors = taken.filter(
    ({ instance, foreign }) =>
      foreign === true || (known !== undefined && !known.has(instance.instanceName)),
  );
  const unsure = known === undefined ? open : [];
  return {
    errors: errors.map(({ line, instance, path }) => ({
      text: line,
      instance: instance.instanceName,
      path,
    })),
    warnings: unsure.map(
      ({ line }) =>
        `${line}. An update fails there, unless an interrupted update of this stack made it`,
    ),
  };
}
