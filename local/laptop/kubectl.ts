import { execa } from "execa";

/** kubectl with one context of the user's kubeconfig. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>;

export const kubectlOf =
  (context: string): Kubectl =>
  async (args, input) => {
    const result = await execa("kubectl", ["--context", context, ...args], {
      reject: false,
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    });
    if (result.code === "ENOENT")
      throw new Error("kubectl is not on PATH; it comes with most clusters for a laptop.");
    if (result.failed)
      throw new Error(
        `kubectl ${args.slice(0, 2).join(" ")} failed in the context ${context}:\n${result.stderr}`,
      );
    return result.stdout;
  };
