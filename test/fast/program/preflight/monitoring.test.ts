import { expect, test } from "vitest";
import { answers, linesOf, reachable, serveExisting } from "./existingServers.ts";

serveExisting();

const ask = (serviceMonitor: boolean, knows: boolean): Promise<string[]> => {
  answers.api = ({ url = "" }) =>
    url === "/apis/monitoring.coreos.com/v1" && knows
      ? { status: 200, body: '{"resources":[]}' }
      : { status: 404 };
  const environment = reachable(() => undefined);
  return linesOf({ ...environment, monitoring: { namespace: "observability", serviceMonitor } });
};

test("ServiceMonitors are refused by a cluster that knows none, and by no other", async () => {
  expect(await ask(false, false)).toEqual([]);
  expect(await ask(true, true)).toEqual([]);
  expect(await ask(true, false)).toEqual([
    expect.stringMatching(
      /^The Prometheus Operator at https:\/\/\S+ \(monitoring\.serviceMonitor\): the cluster has no ServiceMonitor/,
    ),
  ]);
});
