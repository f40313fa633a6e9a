/**
 * A command that ends with this process: after `kill -9` a build must not go on and compete with,
 * or write into, the next run's. Not for apt-get: ended in the middle it leaves a machine to be
 * repaired.
 */
export function boundChild(command: string, args: readonly string[]): [string, string[]] {
  // Only Linux has it; elsewhere nothing but downloads is run.
  if (process.platform !== "linux") return [command, [...args]];
  return ["setpriv", ["--pdeathsig", "KILL", command, ...args]];
}
