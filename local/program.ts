import { Command, Option } from "commander";
import { env, pulumiEnv } from "./commands/env.ts";
import { down, logs, reset, status } from "./commands/platform.ts";
import { configure, up } from "./commands/up.ts";
import { upExisting } from "./commands/upExisting.ts";
import { upWithServices } from "./commands/upWithServices.ts";
import { withLock } from "./lock.ts";
import { profilePaths, type Profile } from "./paths.ts";
import { createReport } from "./report.ts";
import { projectOf } from "./stack/project.ts";

const profile: Profile = "local";
const project = projectOf("local");
const report = createReport();
const alone = <T>(purpose: string, work: () => Promise<T>): Promise<T> =>
  withLock(profilePaths(profile).lock, purpose, work);

interface UpOptions {
  readonly context?: string;
  readonly platform?: string;
  readonly withServices?: true;
  readonly image?: string;
}

const program = new Command("npm run local --")
  .description(
    "The local environment: an embedded platform (Kubernetes, PostgreSQL, S3, ingress) and the MLflow instances of stack `local` on it.",
  )
  .showHelpAfterError();

program
  .command("up", { isDefault: true })
  .description("prepare what is missing, start the platform, deploy the instances, log a first run")
  .addOption(
    new Option(
      "--context <name>",
      "deploy to this kubeconfig context instead of the embedded platform; needs --platform or --with-services",
    ),
  )
  .addOption(
    new Option(
      "--platform <file>",
      "YAML file with the platform's values: see docs/existing-platform.md",
    ),
  )
  .addOption(
    new Option(
      "--with-services",
      "put PostgreSQL, an S3 store and Traefik into that cluster: see docs/laptop.md",
    ).conflicts("platform"),
  )
  .addOption(
    new Option(
      "--image <reference>",
      "with --with-services: the tracking server's image with its digest; default for a context kind-…: built with Docker and loaded",
    ),
  )
  .action(async ({ context, platform, withServices, image }: UpOptions): Promise<void> => {
    if (context === undefined && platform === undefined && withServices === undefined)
      return alone("up", () => up(profile, project, report));
    if (context !== undefined && withServices !== undefined)
      return upWithServices({ context, image }, project, report);
    if (context === undefined || platform === undefined) {
      throw new Error(
        context === undefined
          ? "--context is missing: the kubeconfig context of the existing cluster."
          : "--platform or --with-services is missing: the file with the values of the cluster's platform (docs/existing-platform.md), or services of its own (docs/laptop.md).",
      );
    }
    return upExisting({ context, valuesFile: platform }, project, report);
  });

program
  .command("configure")
  .description("all that `up` does before it deploys: for a preview of new instance files")
  .action(() => alone("configure", () => configure(profile, project, report)));

program
  .command("status")
  .description("each service: running, healthy, memory; whether network policies are enforced")
  .action(() => status(profile));

program
  .command("logs [service]")
  .description("the services' logs")
  .option("-f, --follow", "go on with new lines", false)
  .option("-n, --lines <count>", "last lines of each log", "50")
  .action((service: string | undefined, { follow, lines }: { follow: boolean; lines: string }) =>
    logs(profile, service, { follow, lines }),
  );

program
  .command("env [instance]")
  .description('exports for a client: eval "$(npm run -s local -- env fraud-detector)"')
  .option(
    "--token <name>",
    "name of the token; default: the one with the least role that may write",
  )
  .addOption(
    new Option(
      "--pulumi",
      'exports for the product\'s own commands instead: eval "$(npm run -s local -- env --pulumi)"',
    ).conflicts("token"),
  )
  .action((instance: string | undefined, { token, pulumi }: { token?: string; pulumi?: true }) => {
    if (pulumi === undefined) return env(profile, project, { instance, token });
    if (instance !== undefined)
      throw new Error(`env --pulumi is of the whole stack; leave "${instance}" away`);
    return pulumiEnv(profile, project);
  });

program
  .command("down")
  .description("stop the platform; its data stays")
  .action(() => alone("down", () => down(profile, report)));

program
  .command("reset")
  .description("stop the platform and delete its data")
  .action(() => alone("reset", () => reset(profile, report)));

program.parseAsync().catch((error: unknown) => {
  // A user's error is one message; only an unexpected one (a defect of ours) shows where it came
  // from.
  const expected =
    error instanceof Error &&
    error.constructor !== TypeError &&
    error.constructor !== ReferenceError;
  process.stderr.write(
    `\n${expected ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exitCode = 1;
});
