import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Deployed } from "../../../local/commands/up.ts";
import { silentReport } from "../../../local/report.ts";
import { ensureGoTool } from "../../../local/toolchain/goTool.ts";

interface KubernetesList<T> {
  readonly items: readonly T[];
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly ready: boolean;
    }[];
  };
}

/** What tests ask of the cluster, through kubectl with the administrator's kubeconfig. */
export function cluster({ platform }: Pick<Deployed, "platform">) {
  const kubectl = async (
    args: readonly string[],
    input?: string,
  ): Promise<{ code: number; output: string }> => {
    const binary = join(await ensureGoTool("kubernetes", silentReport), "kubectl");
    return new Promise((resolve, reject) => {
      const child = spawn(binary, ["--kubeconfig", platform.kubeconfigPath, ...args], {
        stdio: ["pipe", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => (output += String(chunk)));
      child.stderr.on("data", (chunk: Buffer) => (output += String(chunk)));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code: code ?? -1, output }));
      child.stdin.end(input);
    });
  };
  const must = async (args: readonly string[], input?: string): Promise<string> => {
    const { code, output } = await kubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${output}`);
    return output;
  };
  const list = async <T>(args: readonly string[]): Promise<readonly T[]> =>
    (JSON.parse(await must(["get", ...args, "-o", "json"])) as KubernetesList<T>).items;
  /** Of an update the pod of before lives on for its grace, and `deployment/mlflow` may be that one. */
  const newestPod = async (namespace: string): Promise<string> => {
    const selector = "app.kubernetes.io/component=tracking-server";
    const pods = await list<Pod>(["pods", "--namespace", namespace, "--selector", selector]);
    const [newest] = pods
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata)
      .sort((a, b) => b.creationTimestamp.localeCompare(a.creationTimestamp));
    if (newest === undefined) throw new Error(`${namespace} has no pod of a server`);
    return newest.name;
  };

  return {
    kubectl,
    async pods(
      namespace: string,
      selector: string,
    ): Promise<{ name: string; restarts: number; ready: boolean }[]> {
      const pods = await list<Pod>(["pods", "--namespace", namespace, "--selector", selector]);
      return pods.map(({ metadata, status }) => ({
        name: metadata.name,
        restarts: (status.containerStatuses ?? []).reduce(
          (sum, container) => sum + container.restartCount,
          0,
        ),
        ready:
          (status.containerStatuses ?? []).length > 0 &&
          (status.containerStatuses ?? []).every(({ ready }) => ready),
      }));
    },
    async migrations(namespace: string): Promise<{ succeeded: number; failed: number }[]> {
      const args = [
        "jobs",
        "--namespace",
        namespace,
        "--selector",
        "app.kubernetes.io/component=migration",
      ];
      const jobs = await list<{ status: { succeeded?: number; failed?: number } }>(args);
      return jobs.map(({ status }) => ({
        succeeded: status.succeeded ?? 0,
        failed: status.failed ?? 0,
      }));
    },
    async namespaces(): Promise<string[]> {
      return (await list<{ metadata: { name: string } }>(["namespaces"])).map(
        ({ metadata }) => metadata.name,
      );
    },
    /**
     * Runs a command in a pod of the instance's server; the image has no shell, so most are {@link
     * python}.
     */
    async exec(namespace: string, command: readonly string[]): Promise<string> {
      const pod = await newestPod(namespace);
      return (await must(["exec", "--namespace", namespace, pod, "--", ...command])).trim();
    },
    python(namespace: string, program: string, ...args: readonly string[]): Promise<string> {
      return this.exec(namespace, ["python3", "-c", program, ...args]);
    },
    /** A variable of the server's environment, as its pod has it. */
    variable(namespace: string, name: string): Promise<string> {
      return this.python(namespace, "import os, sys; print(os.environ[sys.argv[1]])", name);
    },
    /**
     * Opens a TCP connection from the server's pod: `connected`, `timeout` (dropped on the way) or
     * the error's name (`ConnectionRefusedError`: rejected on the way, or nobody listens).
     */
    async connectFromPod(namespace: string, host: string, port: number): Promise<string> {
      const program = [
        "import socket, sys",
        "try:",
        "    socket.create_connection((sys.argv[1], int(sys.argv[2])), 4).close()",
        "    print('connected')",
        "except TimeoutError:",
        "    print('timeout')",
        "except OSError as error:",
        "    print(type(error).__name__)",
      ].join("\n");
      return this.python(namespace, program, host, String(port));
    },
    /** What the API server says to a pod that the restricted level does not allow. */
    async createUnrestrictedPod(namespace: string): Promise<string> {
      const pod = {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "unrestricted", namespace },
        spec: {
          containers: [{ name: "c", image: "localhost/none", securityContext: { runAsUser: 0 } }],
        },
      };
      const { code, output } = await kubectl(["create", "-f", "-"], JSON.stringify(pod));
      if (code === 0) throw new Error("the pod was accepted");
      return output;
    },
    /** Every object of the namespace but Secrets, as text: what must not hold a secret. */
    async manifestsWithoutSecrets(namespace: string): Promise<string> {
      const kinds = (await must(["api-resources", "--namespaced", "--verbs=list", "-o", "name"]))
        .trim()
        .split("\n")
        .filter((kind) => kind !== "secrets");
      return must([
        "get",
        kinds.join(","),
        "--namespace",
        namespace,
        "-o",
        "yaml",
        "--ignore-not-found",
      ]);
    },
  };
}
