// `Run`: executes the user's program with the SDK's own start script, the way the official host
// does.
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import { start } from "./children.ts";
import { shimPath } from "./modules.ts";
import { runtimeOptions } from "./runtimeOptions.ts";

/** Exit code of the SDK for "the error was shown already". */
const shownAlready = 32;

export interface Outcome {
  error: string;
  bail: boolean;
}

export function programArguments(request: RunRequest, engineAddress: string): string[] {
  const info = request.getInfo();
  const named: Record<string, string> = {
    monitor: request.getMonitorAddress(),
    engine: engineAddress,
    organization: request.getOrganization(),
    project: request.getProject(),
    "root-directory": info?.getRootDirectory() ?? "",
    stack: request.getStack(),
    pwd: request.getPwd(),
    parallel: String(request.getParallel()),
  };
  const args = Object.entries(named).flatMap(([key, value]) =>
    value === "" ? [] : [`--${key}`, value],
  );
  if (request.getDryrun()) args.push("--dry-run");
  return [...args, info?.getEntryPoint() || ".", ...request.getArgsList()];
}

export function programEnvironment(request: RunRequest): NodeJS.ProcessEnv {
  const options = runtimeOptions(request.getInfo()?.getOptions());
  return {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().toObject())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(options.typescript && { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(options.tsconfig && { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}

export async function runProgram(request: RunRequest, engineAddress: string): Promise<Outcome> {
  const folder = request.getInfo()?.getProgramDirectory() || request.getPwd();
  const options = runtimeOptions(request.getInfo()?.getOptions());
  const args = [
    ...options.nodeArguments,
    shimPath("run", folder),
    ...programArguments(request, engineAddress),
  ];
  // The engine reads this host's output line by line and shows it as the program's.
  const child = start(args, {
    cwd: request.getPwd() || folder,
    env: programEnvironment(request),
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve) => {
    child.once("error", (error) =>
      resolve({
        error: `could not start Node (${process.execPath}): ${error.message}`,
        bail: false,
      }),
    );
    child.once("close", (code, signal) => resolve(outcome(code, signal)));
  });
}

export function outcome(code: number | null, signal: NodeJS.Signals | null): Outcome {
  if (code === 0) return { error: "", bail: false };
  if (code === shownAlready) return { error: "", bail: true };
  const how = signal ? `was ended by ${signal}` : `exited with non-zero exit code: ${code}`;
  return { error: `Program ${how}`, bail: false };
}
