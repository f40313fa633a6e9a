import { expect, test } from "vitest";
import { answers, linesOf, reachable, serveExisting } from "./existingServers.ts";

serveExisting();

const group = (...names: string[]) => ({
  status: 200,
  body: JSON.stringify({ resources: names.map((name) => ({ name })) }),
});

const ask = (
  serviceMonitor: boolean,
  answer: { status: number; body?: string },
): Promise<string[]> => {
  answers.api = ({ url = "" }) =>
    url === "/apis/monitoring.coreos.com/v1" ? answer : { status: 404 };
  const environment = reachable(() => undefined);
  return linesOf({ ...environment, monitoring: { namespace: "observability", serviceMonitor } });
};

test("ServiceMonitors are refused by a cluster that knows none, and by no other", async () => {
  const refused = [
    expect.stringMatching(
      /^The Prometheus Operator at https:\/\/\S+ \(monitoring\.serviceMonitor\): the cluster has no ServiceMonitor/,
    ),
  ];
  expect(await ask(false, { status: 404 })).toEqual([]);
  expect(await ask(true, group("podmonitors", "servicemonitors"))).toEqual([]);
  expect(await ask(true, { status: 403 })).toEqual([]);
  expect(await ask(true, { status: 404 })).toEqual(refused);
  expect(await ask(true, group("podmonitors", "servicemonitors/status"))).toEqual(refused);
});
