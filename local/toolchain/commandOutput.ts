/** The part of a failed command's result that its error message is made of. */
export interface CommandResult {
  all?: string | undefined;
  stderr?: string | undefined;
  shortMessage?: string | undefined;
}

/**
 * The last lines that a failed command printed: the reason is at the end, what came before is
 * progress.
 */
export function lastLines(result: CommandResult, count = 15, noise: RegExp = /^$/): string {
  const printed = (result.all ?? result.stderr ?? "")
    .split("\n")
    .filter((line) => !noise.test(line));
  return printed.slice(-count).join("\n") || (result.shortMessage ?? "it said nothing");
}
