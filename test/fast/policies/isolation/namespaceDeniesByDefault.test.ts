import { expect, test } from "vitest";
import { namespaceDeniesByDefault } from "../../../../policies/isolation/namespaceDeniesByDefault.ts";
import { changed } from "../compliantInstance.ts";
import { stackContract } from "../contract.ts";
import { foreignNamespace } from "../fixtures.ts";
import { instance, part } from "../instances.ts";
import { judgeStack, unknown } from "../support.ts";

const denyAll = { podSelector: {}, policyTypes: ["Ingress", "Egress"] };
const at = (spec: unknown) =>
  instance("shop", { defaultDeny: changed(part("defaultDeny"), ["spec"], spec) });

const message = (name: string) =>
  `urn:${name}-namespace: Instance ${name} has no default-deny NetworkPolicy: add one with an empty podSelector, both policyTypes, no rules and its label app.kubernetes.io/instance.`;

stackContract(namespaceDeniesByDefault, {
  passes: {
    "two instances": [...instance(), ...instance("search")],
    "empty lists": at({
      ...denyAll,
      podSelector: { matchLabels: {}, matchExpressions: [] },
      ingress: [],
      egress: [],
    }),
  },
  breaks: instance("shop", { defaultDeny: undefined }),
  message: message("shop"),
  unknown: [{ given: at(unknown), later: ["spec"] }],
  ignores: { "a namespace that is no instance's": [foreignNamespace] },
});

test("another instance's policy does not count", async () => {
  const stack = [...instance(), ...instance("search", { defaultDeny: undefined })];
  expect((await judgeStack(namespaceDeniesByDefault, stack)).violations).toEqual([
    message("search"),
  ]);
});

test.each([
  ["one direction only", { podSelector: {}, policyTypes: ["Ingress"] }],
  ["some pods only", { ...denyAll, podSelector: { matchLabels: { a: "b" } } }],
  [
    "pods by expression only",
    { ...denyAll, podSelector: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
  ],
  ["an opening in", { ...denyAll, ingress: [{}] }],
  ["an opening out", { ...denyAll, egress: [{}] }],
  ["no selector", { policyTypes: ["Ingress", "Egress"] }],
  ["no spec", undefined],
])("a policy for %s does not count", async (_, spec) => {
  expect((await judgeStack(namespaceDeniesByDefault, at(spec))).violations).toEqual([
    message("shop"),
  ]);
});

test("one policy that a preview can't know hides no other instance's lack", async () => {
  const hidden = changed(part("defaultDeny"), ["spec"], unknown);
  const stack = [
    ...instance("shop", { defaultDeny: hidden }),
    ...instance("search", { defaultDeny: undefined }),
  ];
  expect(await judgeStack(namespaceDeniesByDefault, stack)).toEqual({
    violations: [message("search")],
    later: ["stack: Not known in a preview: spec. It is checked at `up`."],
  });
});
