import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { patience } from "../../../../cli/job/job.ts";
import { openContext } from "../../../../cli/job/openCluster.ts";
import { run, type Outputs } from "../../../../cli/job/runJob.ts";
import { retention } from "../../../../cli/maintenance/retention.ts";
import { cluster } from "../../support/cluster.ts";
import { eventually } from "../../support/eventually.ts";
import { file, name, stack } from "../../support/parcelForecast.ts";
import { deployed, engine, jobs, namespace, scratch, type } from "./scene.ts";

export function impossible(): void {
  describe("what can't work", () => {
    it("names an instance that has a file and isn't deployed", async () => {
      await engine.instance("route-costs", file);
      try {
        const { code, notes } = await type(["retention", stack, "route-costs"]);
        expect(code).toBe(2);
        expect(notes).toMatch(
          /^Instance route-costs is not deployed .* Run `pulumi up --stack operations`; .*\.\n$/,
        );
      } finally {
        await engine.instance("route-costs", undefined);
      }
    });

    it("names the nearest instance to a mistyped one", async () => {
      const { code, notes } = await type(["retention", stack, "parcel-forcast"]);
      expect(code).toBe(2);
      expect(notes).toMatch(
        /^Stack operations has no instance "parcel-forcast"; .* are: parcel-forecast\.\n$/,
      );
    });

    it("names each right that a login lacks, and starts nothing", async () => {
      const { kubectl } = cluster(deployed);
      const inNamespace = ["--namespace", namespace];
      const must = async (args: string[]): Promise<string> => {
        const { code, output } = await kubectl([...args, ...inNamespace]);
        if (code !== 0) throw new Error(output);
        return output.trim();
      };
      await must(["create", "serviceaccount", "guest"]);
      await must(["create", "role", "guest", "--verb=get", "--resource=cronjobs,jobs"]);
      await must([
        "create",
        "rolebinding",
        "guest",
        "--role=guest",
        `--serviceaccount=${namespace}:guest`,
      ]);
      const config = new KubeConfig();
      config.loadFromFile(deployed.platform.kubeconfigPath);
      const { server = "", caData } = config.getCurrentCluster() ?? {};
      const asGuest = {
        clusters: [{ name: "c", cluster: { server, "certificate-authority-data": caData } }],
        users: [{ name: "guest", user: { token: await must(["create", "token", "guest"]) } }],
        contexts: [{ name: "guest", context: { cluster: "c", user: "guest" } }],
      };
      const kubeconfig = join(scratch, "kubeconfig");
      await writeFile(kubeconfig, stringify(asGuest), { mode: 0o600 });
      const place = { kubeconfig, context: "guest" };
      const target = { stack, instance: name, namespace, place };
      const sink = { write: async () => undefined, end: async () => undefined };
      const before = (await jobs()).length;
      const outputs: Outputs = {
        people: sink,
        machines: undefined,
        notes: sink,
        during: (_, work) => work(),
      };
      const attempt = (use = retention({ dryRun: true })) =>
        run(use, target, openContext(place), outputs, patience, new AbortController().signal);
      await expect(attempt()).rejects.toThrow(
        /to create jobs\.batch, delete jobs\.batch, list pods, get pods\/log\.$/,
      );
      await must(["delete", "rolebinding", "guest"]);
      await eventually(10_000, () =>
        expect(attempt()).rejects.toThrow(
          /cronjobs\.batch "retention" is forbidden: User "system:serviceaccount:.*:guest" cannot get resource/,
        ),
      );
      expect(await jobs()).toHaveLength(before);
    });
  });
}
