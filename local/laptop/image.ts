import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import type { Report } from "../report.ts";
import { lastLines } from "../toolchain/commandOutput.ts";
import { versions } from "../toolchain/pins.ts";

const source = join(
  dirname(dirname(dirname(fileURLToPath(import.meta.url)))),
  "images/tracking-server",
);
// With a host, so that Docker and containerd use the same name; nothing is pulled from it.
const repository = "localhost/mlflow-instances/tracking-server";
const tag = `${repository}:${versions.mlflow}`;

/**
 * Builds the tracking server's image with Docker and loads it into the nodes of a cluster of kind.
 * The result names it by its digest.
 */
export async function loadImageIntoKind(context: string, report: Report): Promise<string> {
  const cluster = context.replace(/^kind-/, "");
  await report.step(`Build the image ${tag}`, (log) =>
    run("docker", ["build", "--tag", tag, source], log),
  );
  return report.step(`Load it into the cluster ${cluster}`, async (log) => {
    await run("kind", ["load", "docker-image", "--name", cluster, tag], log);
    const nodes = (await run("kind", ["get", "nodes", "--name", cluster])).split("\n");
    let reference = "";
    for (const node of nodes.filter((name) => name !== "")) {
      const control = (...args: string[]): Promise<string> =>
        run("docker", ["exec", node, "ctr", "--namespace", "k8s.io", "images", ...args]);
      const digest = /\bsha256:[0-9a-f]{64}\b/.exec(await control("list", `name==${tag}`))?.[0];
      if (digest === undefined)
        throw new Error(`The node ${node} has no image ${tag} after it was loaded.`);
      // A pod that names a digest is looked up under this name, whatever its tag.
      await control("tag", "--force", tag, `${repository}@${digest}`);
      reference = `${tag}@${digest}`;
    }
    return reference;
  });
}

async function run(
  program: string,
  args: readonly string[],
  log?: (line: string) => void,
): Promise<string> {
  const child = execa(program, args, { all: true, reject: false, stdin: "ignore" });
  if (log) for await (const line of child.iterable({ from: "all" })) log(line);
  const result = await child;
  if (result.code === "ENOENT")
    throw new Error(`${program} is not on PATH. With a cluster that is not kind's, give --image.`);
  if (result.failed) throw new Error(`${program} ${args[0]} failed:\n${lastLines(result)}`);
  return result.stdout ?? "";
}
