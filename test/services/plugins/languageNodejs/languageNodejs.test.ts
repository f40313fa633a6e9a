// The Node language host as a process: programs, policy packs and component packages, and how it
// ends.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as sleep } from "node:timers/promises";
import { spawn } from "node:child_process";
import * as grpc from "@grpc/grpc-js";
import structMessages from "google-protobuf/google/protobuf/struct_pb.js";
import messages from "@pulumi/pulumi/proto/language_pb.js";
import type * as wire from "@pulumi/pulumi/proto/language_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerMessages from "@pulumi/pulumi/proto/provider_pb.js";
import type * as providerWire from "@pulumi/pulumi/proto/provider_pb.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requiredPackages } from "../../../../local/plugins/languageNodejs/packages.ts";
import { outcome } from "../../../../local/plugins/languageNodejs/runProgram.ts";
import { hostScript, startFakeEngine, startHost } from "../support/languageHost.ts";
import type { FakeEngine, Host } from "../support/languageHost.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
let folder: string;
let engine: FakeEngine;
let host: Host;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "mlflow-test-host-"));
  engine = await startFakeEngine();
  host = await startHost(engine.address);
}, 60_000);

afterAll(async () => {
  await host?.stop();
  engine?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A package of ES modules beside the clone's own modules. */
function program(name: string, files: Record<string, string>): string {
  const path = join(folder, name);
  for (const [file, text] of Object.entries({
    "package.json": JSON.stringify({
      name,
      version: "0.1.0",
      type: "module",
      main: "stacks/index.ts",
    }),
    ...files,
  })) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  }
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"));
  return path;
}

function info(path: string): wire.ProgramInfo {
  const message = new messages.ProgramInfo();
  message.setRootDirectory(path);
  message.setProgramDirectory(path);
  message.setEntryPoint(".");
  message.setOptions(structMessages.Struct.fromJavaScript({ typescript: false }));
  return message;
}

async function run(
  path: string,
  config: Record<string, string> = {},
): Promise<{ error: string; bail: boolean }> {
  const request = new messages.RunRequest();
  request.setProject("project");
  request.setStack("stack");
  request.setPwd(path);
  request.setInfo(info(path));
  request.setMonitorAddress(engine.address);
  request.setParallel(4);
  for (const [key, value] of Object.entries(config)) request.getConfigMap().set(key, value);
  request.setConfigsecretkeysList(["project:token"]);
  const response = await new Promise<wire.RunResponse>((resolve, reject) =>
    host.client.run(request, (error, found) => (error ? reject(error) : resolve(found))),
  );
  return { error: response.getError(), bail: response.getBail() };
}

describe("a program of ES modules in TypeScript", () => {
  test("runs on the clone's Node without a type check, gets its config and registers its outputs", async () => {
    const path = program("good", {
      "stacks/index.ts": `import * as pulumi from "@pulumi/pulumi";
        import { greeting } from "./greeting.ts";
        const config = new pulumi.Config();
        const wrong: string = 1 as unknown as string;
        new pulumi.ComponentResource("pkg:index:Thing", "thing");
        console.log("says", greeting, process.version, wrong);
        export const plain = config.require("plain");
        export const token = config.requireSecret("token");
        export const stack = pulumi.getStack();`,
      "stacks/greeting.ts": `export const greeting: string = "hello";`,
    });
    expect(await run(path, { "project:plain": "value", "project:token": "secret-text" })).toEqual({
      error: "",
      bail: false,
    });
    expect(engine.registered).toEqual(
      expect.arrayContaining(["pulumi:pulumi:Stack project-stack", "pkg:index:Thing thing"]),
    );
    expect(engine.outputs).toMatchObject({ plain: "value", stack: "stack" });
    // This engine says that it knows no secrets, so the SDK sends the bare value: it got here,
    // through the list of secret keys.
    expect(engine.outputs["token"]).toBe("secret-text");
    expect(host.output()).toMatch(/says hello v24\./);
  });

  test("that throws has told the user already: bail, nothing twice", async () => {
    const path = program("bad", { "stacks/index.ts": `throw new Error("the reason");` });
    expect(await run(path)).toEqual({ error: "", bail: true });
    expect(
      engine.logs.filter((line) => line.severity === 3 && line.message.includes("the reason")),
    ).toHaveLength(1);
  });

  test("that ends by itself with a code is an error with that code", async () => {
    const path = program("exits", { "stacks/index.ts": `process.exit(3);` });
    expect(await run(path)).toEqual({
      error: "Program exited with non-zero exit code: 3",
      bail: false,
    });
    expect(outcome(null, "SIGKILL")).toEqual({
      error: "Program was ended by SIGKILL",
      bail: false,
    });
  });

  test("without its packages is told what to do", async () => {
    const path = join(folder, "bare");
    mkdirSync(path);
    await expect(run(path)).rejects.toThrow(
      /the Pulumi SDK is not installed for .*bare. Run `npm ci`/,
    );
  });
});

test("the engine learns which plugins a program needs, with their versions", async () => {
  const found = await requiredPackages(root);
  expect(found.map(({ name, version }) => `${name} ${version}`)).toEqual([
    "aws 7.48.0",
    "kubernetes 4.34.2",
    "postgresql 3.18.1",
    "random 4.21.2",
  ]);
  const request = new messages.GetRequiredPackagesRequest();
  request.setInfo(info(join(root, "components")));
  const response = await new Promise<wire.GetRequiredPackagesResponse>((resolve, reject) =>
    host.client.getRequiredPackages(request, (error, value) =>
      error ? reject(error) : resolve(value),
    ),
  );
  expect(response.getPackagesList().map((item) => item.getName())).toEqual([
    "aws",
    "kubernetes",
    "postgresql",
    "random",
  ]);
});

test("about names the Node that programs run on", async () => {
  const response = await new Promise<wire.AboutResponse>((resolve, reject) =>
    host.client.about(new messages.AboutRequest(), (error, value) =>
      error ? reject(error) : resolve(value),
    ),
  );
  expect(response.getVersion()).toMatch(/^v24\./);
});

interface PluginRun {
  stdout: Promise<string>;
  ended: Promise<number | undefined>;
  cancel(): void;
}

function runPlugin(path: string, kind: string): PluginRun {
  const request = new messages.RunPluginRequest();
  request.setPwd(path);
  request.setProgram(path);
  request.setInfo(info(path));
  request.setKind(kind);
  request.setArgsList([engine.address]);
  const call = host.client.runPlugin(request);
  let exit: number | undefined;
  let all = "";
  const ended = new Promise<number | undefined>((resolve) => {
    call.on("end", () => resolve(exit));
    call.on("error", () => resolve(exit));
  });
  const stdout = new Promise<string>((resolve, reject) => {
    call.on("data", (response: wire.RunPluginResponse) => {
      if (response.hasStdout()) resolve(Buffer.from(response.getStdout_asU8()).toString());
      if (response.hasStderr()) all += Buffer.from(response.getStderr_asU8()).toString();
      if (response.hasExitcode()) {
        exit = response.getExitcode();
        reject(new Error(`ended with ${exit}: ${all}`));
      }
    });
  });
  return { stdout, ended, cancel: () => call.cancel() };
}

async function isListening(port: number): Promise<boolean> {
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const ready = await new Promise<boolean>((resolve) =>
    client.waitForReady(Date.now() + 2000, (error) => resolve(error === undefined)),
  );
  client.close();
  return ready;
}

describe("a plugin in TypeScript", () => {
  test("component package: serves its schema, and ends when the engine ends the call", async () => {
    const path = program("widgets", {
      "package.json": JSON.stringify({
        name: "widgets",
        version: "0.2.0",
        type: "module",
        main: "index.ts",
      }),
      "PulumiPlugin.yaml": "runtime: nodejs\n",
      "index.ts": `import * as pulumi from "@pulumi/pulumi";
        export interface WidgetArgs { size: pulumi.Input<number>; }
        /** A widget. */
        export class Widget extends pulumi.ComponentResource {
          public readonly size: pulumi.Output<number>;
          constructor(name: string, args: WidgetArgs, opts?: pulumi.ComponentResourceOptions) {
            super("widgets:index:Widget", name, {}, opts);
            this.size = pulumi.output(args.size);
            this.registerOutputs({ size: this.size });
          }
        }`,
    });
    const plugin = runPlugin(path, "resource");
    const port = Number(await plugin.stdout);
    const client = new providerServices.ResourceProviderClient(
      `127.0.0.1:${port}`,
      grpc.credentials.createInsecure(),
    );
    const response = await new Promise<providerWire.GetSchemaResponse>((resolve, reject) =>
      client.getSchema(new providerMessages.GetSchemaRequest(), (error, value) =>
        error ? reject(error) : resolve(value),
      ),
    );
    expect(JSON.parse(response.getSchema())).toMatchObject({
      name: "widgets",
      resources: {
        "widgets:index:Widget": {
          isComponent: true,
          inputProperties: { size: { type: "number" } },
          requiredInputs: ["size"],
        },
      },
    });
    client.close();
    plugin.cancel();
    await expect.poll(() => isListening(port), { timeout: 10_000 }).toBe(false);
  }, 60_000);

  test("policy pack: starts in its own folder and prints its port", async () => {
    const path = program("pack", {
      "package.json": JSON.stringify({
        name: "pack",
        version: "0.0.1",
        type: "module",
        main: "index.ts",
      }),
      "PulumiPolicy.yaml": "runtime: nodejs\n",
      "index.ts": `import { PolicyPack } from "@pulumi/policy";
        new PolicyPack("pack", { policies: [{ name: "none", description: "none", enforcementLevel: "advisory", validateResource: () => undefined }] });`,
    });
    const plugin = runPlugin(path, "analyzer");
    const port = Number(await plugin.stdout);
    expect(await isListening(port)).toBe(true);
    plugin.cancel();
    await expect.poll(() => isListening(port), { timeout: 10_000 }).toBe(false);
  }, 60_000);

  test("that fails at its start gives its exit code and its words; its types were stripped, not checked", async () => {
    const path = program("broken", {
      "package.json": JSON.stringify({
        name: "broken",
        version: "0.0.1",
        type: "module",
        main: "index.ts",
      }),
      "index.ts": `const wrong: number = "no good"; console.error(wrong); process.exit(7);`,
    });
    const plugin = runPlugin(path, "resource");
    await expect(plugin.stdout).rejects.toThrow(/ended with 7: no good/);
    expect(await plugin.ended).toBe(7);
  }, 60_000);
});

describe("the end of the host", () => {
  test("SIGINT, the engine's way, ends it and the program that it runs", async () => {
    const own = await startHost(engine.address);
    const path = program("sleeps", {
      "stacks/index.ts": `console.log("pid", process.pid); setInterval(() => undefined, 1000);`,
    });
    const request = new messages.RunRequest();
    request.setPwd(path);
    request.setProject("project");
    request.setStack("stack");
    request.setInfo(info(path));
    request.setMonitorAddress(engine.address);
    own.client.run(request, () => undefined);
    await expect.poll(() => own.output(), { timeout: 20_000 }).toMatch(/pid \d+/);
    const pid = Number(/pid (\d+)/.exec(own.output())?.[1]);
    await own.stop();
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  }, 60_000);

  test("an engine that was killed leaves no host behind", async () => {
    // A shell in between plays the engine: it starts the host, tells its process id and is killed.
    const shell = spawn("sh", ["-c", `"$0" ${engine.address} & echo "host $!"; wait`, hostScript], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let text = "";
    shell.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    await expect.poll(() => /host \d+[\s\S]*\n\d+\n/.test(text), { timeout: 20_000 }).toBe(true);
    const pid = Number(/host (\d+)/.exec(text)?.[1]);
    shell.kill("SIGKILL");
    await sleep(100);
    await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
  }, 60_000);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
