import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { askPrevious } from "../../../../policies/model/previousState.ts";
import { foreignNamespace, namespace } from "../fixtures.ts";

const prefix = "urn:pulumi:dev::mlflow-instances::";
const urn = `${prefix}kubernetes:core/v1:Namespace::shop-namespace`;

const nobody = () => undefined;

const exported = (resources: object[] | null) =>
  JSON.stringify({ version: 3, deployment: { manifest: {}, resources } });
const inState = (
  { type, name = "x", props }: { type: string; name?: string; props: object },
  more: object = {},
) => ({
  urn: `${prefix}${type}::${name}`,
  type,
  inputs: props,
  ...more,
});

test("each instance's namespace is remembered with its annotations, and nothing else", async () => {
  const secret = {
    urn: `${prefix}kubernetes:core/v1:Secret::s`,
    type: "kubernetes:core/v1:Secret",
    inputs: { stringData: { a: "hidden" } },
  };
  const run = vi.fn(async () =>
    exported([
      inState(namespace()),
      inState(foreignNamespace),
      secret,
      { urn: `${prefix}a:b:C::d`, type: "a:b:C" },
    ]),
  );
  const ask = askPrevious(run, nobody);
  expect(await ask(urn)).toEqual({
    instances: new Map([["shop", namespace().props["metadata"].annotations]]),
  });
  expect(await ask(urn)).toBe(await ask("another"));
  expect(run.mock.calls).toEqual([["dev"]]);
});

test("a namespace that a replacement has left to be deleted says nothing", async () => {
  const old = inState(namespace({}, { "mlflow-instances/deleted-experiment-retention": "90d" }), {
    delete: true,
  });
  expect(
    await askPrevious(async () => exported([inState(namespace()), old]), nobody)(urn),
  ).toMatchObject({
    instances: new Map([
      ["shop", expect.objectContaining({ "mlflow-instances/deleted-experiment-retention": "30d" })],
    ]),
  });
});

test("a stack that was never deployed has no instances", async () => {
  expect(await askPrevious(async () => exported(null), nobody)(urn)).toEqual({
    instances: new Map(),
  });
});

test("the organization is part of the stack's name", async () => {
  const run = vi.fn(async () => exported([]));
  await askPrevious(run, () => "acme")(urn);
  expect(run.mock.calls).toEqual([["acme/mlflow-instances/dev"]]);
});

test.each([
  [
    "the CLI refuses",
    async () => Promise.reject(new Error("no stack named 'dev' found")),
    "no stack named 'dev' found",
  ],
  ["no JSON", async () => "Enter your passphrase: ", "the CLI's answer is no JSON"],
  ["no state", async () => "{}", "the CLI's answer has no deployment in it"],
  [
    "another project's stack of the same name",
    async () => exported([{ urn: "urn:pulumi:dev::other::a:b:C::d", type: "a:b:C" }]),
    "the CLI answered with another stack's state (urn:pulumi:dev::other::a:b:C::d)",
  ],
])("%s: the answer is a refusal with its reason, never an empty state", async (_, run, refusal) => {
  expect(await askPrevious(run, nobody)(urn)).toEqual({ refusal });
});

test("a URN that is none is refused", async () => {
  expect(await askPrevious(async () => exported([]), nobody)("urn:1")).toEqual({
    refusal: "no stack in the URN urn:1",
  });
});

// The real process, with a CLI of the test's own on PATH.
async function withCli(script: string | undefined): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "policies-cli-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  if (script !== undefined)
    await writeFile(join(folder, "pulumi"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", folder);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test("the CLI on PATH is asked for the state, without its secrets", async () => {
  await withCli(
    `echo '{"deployment": {"resources": []}}'; echo "$@" >&2; [ "$*" = "stack export --stack dev --non-interactive" ]`,
  );
  expect(await askPrevious(undefined, nobody)(urn)).toEqual({ instances: new Map() });
});

test("what the CLI says of its failure is the reason", async () => {
  await withCli("echo 'error: passphrase must be set' >&2; exit 255");
  expect(await askPrevious(undefined, nobody)(urn)).toEqual({ refusal: "passphrase must be set" });
  await withCli("exit 1");
  expect(await askPrevious(undefined, nobody)(urn)).toEqual({
    refusal: "`pulumi stack export` failed and said nothing",
  });
});

test("no CLI is a reason, too", async () => {
  await withCli(undefined);
  expect(await askPrevious(undefined, nobody)(urn)).toEqual({
    refusal: "there is no `pulumi` on PATH",
  });
});
