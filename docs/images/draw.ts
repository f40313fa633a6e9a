import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { instance } from "@viz-js/viz";

const folder = import.meta.dirname;

/** The diagrams of the documentation by file name, drawn from their `.dot` files by Graphviz. */
export async function drawDiagrams(): Promise<Record<string, string>> {
  const graphviz = await instance();
  return Object.fromEntries(
    readdirSync(folder)
      .filter((name) => name.endsWith(".dot"))
      .map((name) => [
        name.replace(/dot$/, "svg"),
        graphviz.renderString(readFileSync(join(folder, name), "utf8"), { format: "svg" }),
      ]),
  );
}

if (import.meta.main)
  for (const [name, svg] of Object.entries(await drawDiagrams()))
    writeFileSync(join(folder, name), svg);
