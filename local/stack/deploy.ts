import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "../report.ts";
import { configureStack } from "./configure.ts";
import type { Pulumi } from "./pulumi.ts";
import { recover } from "./recover.ts";
import type { StackValues } from "./values.ts";

/** `pulumi up` with the policy packs that the project has. The CLI's own lines are the progress. */
export async function deploy(pulumi: Pulumi, values: StackValues, report: Report): Promise<void> {
  const { project } = pulumi;
  await report.step("Configure the stack", () => configureStack(pulumi, values));
  await report.step(`pulumi up --stack ${project.stack}`, (log) => up(pulumi, log));
}

export async function up(
  pulumi: Pulumi,
  log: (line: string) => void = () => undefined,
): Promise<string> {
  await recover(pulumi, log);
  // `@ updating....` is the CLI's way to say that it lives; the report has its own.
  const onLine = (line: string): void =>
    line.startsWith("@ ") || line.trim() === "" ? undefined : log(line);
  return pulumi.run(upArguments(pulumi), { onLine });
}

/** An instance that fails stops only what depends on its failed part: the others go on. */
export const upArguments = (pulumi: Pulumi): string[] => [
  ...[
    "up",
    "--yes",
    "--skip-preview",
    "--suppress-outputs",
    "--continue-on-error",
    "--stack",
    pulumi.project.stack,
  ],
  ...policyPacks(pulumi),
];

/** The packs and, where the platform team has written one, their configuration. */
export const policyPacks = ({ project }: Pulumi): string[] => {
  const pack = join(project.folder, "policies");
  if (!existsSync(join(pack, "PulumiPolicy.yaml"))) return [];
  const configuration = join(project.folder, "stacks", "policies.json");
  return [
    "--policy-pack",
    pack,
    ...(existsSync(configuration) ? ["--policy-pack-config", configuration] : []),
  ];
};
