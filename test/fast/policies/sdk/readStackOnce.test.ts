import type { PolicyResource } from "@pulumi/policy";
import * as proxy from "@pulumi/policy/proxy.js";
import { expect, test } from "vitest";
import { readStackOnce } from "../../../../policies/sdk/readStackOnce.ts";
import { instance } from "../instances.ts";

const { unknownCheckingProxy } = proxy as unknown as {
  unknownCheckingProxy: (props: object) => Record<string, unknown>;
};

/** What the SDK gives one rule: new guards around the properties of the request. */
const listFor = (
  properties: readonly { name: string; type: string; props: object }[],
): PolicyResource[] =>
  properties.map(
    ({ props, ...rest }) =>
      ({ ...rest, props: unknownCheckingProxy(props) }) as unknown as PolicyResource,
  );

test("all rules of a request share one stack, and the next request has its own", () => {
  const request = instance("shop").map(({ type, props, name = "" }) => ({ type, props, name }));
  const first = readStackOnce(listFor(request));
  expect(first.instances.map(({ name }) => name)).toEqual(["shop"]);
  expect(readStackOnce(listFor(request))).toBe(first);

  const next = instance("search").map(({ type, props, name = "" }) => ({ type, props, name }));
  expect(readStackOnce(listFor(next)).instances.map(({ name }) => name)).toEqual(["search"]);
  expect(readStackOnce([]).instances).toEqual([]);
});
