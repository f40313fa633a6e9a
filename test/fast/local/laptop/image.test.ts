import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadImageIntoKind } from "../../../../local/laptop/image.ts";
import { silentReport } from "../../../../local/report.ts";
import { versions } from "../../../../local/toolchain/pins.ts";

// docker and kind are programs that record what they are called with: no test here has an engine of
// containers.

const reference = `localhost/mlflow-instances/tracking-server:${versions.mlflow}`;
const digest = `sha256:${"5".repeat(64)}`;
let folder: string;
const path = process.env["PATH"];

function program(name: string, body: string): void {
  const file = join(folder, "bin", name);
  writeFileSync(
    file,
    `#!/bin/sh\nprintf '%s\\n' "${name} $*" >> "${join(folder, "calls")}"\n${body}\n`,
  );
  chmodSync(file, 0o755);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "laptop-image-"));
  mkdirSync(join(folder, "bin"));
  process.env["PATH"] = `${join(folder, "bin")}:/usr/bin:/bin`;
});
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(folder, { recursive: true, force: true });
});

const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

test("the image is built, loaded, and known by its digest on every node", async () => {
  program(
    "docker",
    `case "$*" in *" list "*) echo "REF TYPE DIGEST"; echo "${reference} application/x ${digest} 900 MiB linux/amd64 -";; esac`,
  );
  program(
    "kind",
    'case "$*" in "get nodes"*) printf "mlflow-control-plane\\nmlflow-worker\\n";; esac',
  );
  expect(await loadImageIntoKind("kind-mlflow", silentReport)).toBe(`${reference}@${digest}`);
  const control = (node: string, ...args: string[]): string =>
    ["docker exec", node, "ctr --namespace k8s.io images", ...args].join(" ");
  const nodes = ["mlflow-control-plane", "mlflow-worker"].flatMap((node) => [
    control(node, `list name==${reference}`),
    control(node, `tag --force ${reference} localhost/mlflow-instances/tracking-server@${digest}`),
  ]);
  expect(calls()).toEqual([
    expect.stringMatching(
      new RegExp(
        `^docker build --tag ${reference.replaceAll(".", "\\.")} /.*/images/tracking-server$`,
      ),
    ),
    `kind load docker-image --name mlflow ${reference}`,
    "kind get nodes --name mlflow",
    ...nodes,
  ]);
});

test("a program that is missing or fails is named, with its own last words", async () => {
  process.env["PATH"] = join(folder, "bin");
  await expect(loadImageIntoKind("kind-mlflow", silentReport)).rejects.toThrow(
    "docker is not on PATH",
  );
  process.env["PATH"] = `${join(folder, "bin")}:/usr/bin:/bin`;
  program("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
  await expect(loadImageIntoKind("kind-mlflow", silentReport)).rejects.toThrow(
    "docker build failed:\nCannot connect to the Docker daemon",
  );
  program("docker", "");
  program("kind", 'case "$*" in "get nodes"*) echo mlflow-control-plane;; esac');
  await expect(loadImageIntoKind("kind-mlflow", silentReport)).rejects.toThrow(
    `The node mlflow-control-plane has no image ${reference} after it was loaded.`,
  );
});
