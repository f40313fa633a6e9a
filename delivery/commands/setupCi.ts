import type { Register } from "../context.ts";
import { ExitCode } from "../exitCode.ts";

export const register: Register = (program, { root, note }, end) => {
  program
    .command("setup-ci")
    .description(
      "prepare a pipeline's job: install the Pulumi CLI where npm scripts find it, and write the kubeconfig that the job was given",
    )
    .usage("-- <stack>")
    .argument("<stack>", "the environment that the job works on")
    .action((stack: string) =>
      end(async () => {
        // The SDK behind these takes a second to load, which no other command should wait for.
        const { installCli } = await import("../installCli.ts");
        const { kubeconfigVariable, writeJobKubeconfig } = await import("../jobKubeconfig.ts");
        const contents = process.env[kubeconfigVariable];
        if (contents) note(`kubeconfig written: ${await writeJobKubeconfig(root, stack, contents)}`);
        await installCli(root);
        return ExitCode.Clean;
      }),
    );
};
