import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { cacheFolder } from "../paths.ts";
import type { Report } from "../report.ts";
import { exists, folderOnce } from "./folderOnce.ts";
import { goEnvironment, moduleFolder } from "./goTool.ts";
import { ensureGo } from "./machine.ts";
import { goTools, versions } from "./pins.ts";

const module = "sigs.k8s.io/gateway-api";

/**
 * The folder of the Gateway API's custom resource definitions, standard channel, one JSON file each:
 * those of the module that Traefik is built with. JSON, because every start of the platform reads
 * them, and 900 KiB of YAML take a second.
 */
export async function ensureGatewayApi(report: Report): Promise<string> {
  const folder = join(cacheFolder(), "tools", `gateway-api-${versions.gatewayApi}`);
  if (await exists(folder)) return folder;
  return report.step(`Fetch the Gateway API ${versions.gatewayApi}`, async () => {
    await ensureGo();
    await mkdir(dirname(folder), { recursive: true });
    return folderOnce(folder, async (temporary) => {
      const { stdout } = await execa("go", ["mod", "download", "-json", module], {
        cwd: moduleFolder(goTools.traefik),
        env: goEnvironment(),
      });
      const { Dir } = JSON.parse(stdout) as { Dir: string };
      const from = join(Dir, "config/crd/standard");
      for (const name of await readdir(from)) {
        const object = parse(await readFile(join(from, name), "utf8")) as {
          kind?: string;
          metadata?: { name?: string };
        } | null;
        if (object?.kind !== "CustomResourceDefinition") continue;
        await writeFile(
          join(temporary, `${object.metadata?.name ?? ""}.json`),
          JSON.stringify(object),
        );
      }
    });
  });
}
