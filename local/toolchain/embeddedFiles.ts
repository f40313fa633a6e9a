import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A file that a tool's main.go embeds. It is made from a module's, and not committed. */
export interface EmbeddedFile {
  /** Path in the module, of a JSON file. */
  readonly source: string;
  /** Top-level fields that the module's file lacks. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Makes the files and an overlay that shows them to Go in the folder of main.go: a build writes
 * nothing into the source tree. Returns the overlay's path.
 */
export async function writeEmbeddedFiles(
  files: Readonly<Record<string, EmbeddedFile>>,
  folders: { readonly from: string; readonly into: string; readonly beside: string },
): Promise<string> {
  await mkdir(folders.into, { recursive: true });
  const replaced: Record<string, string> = {};
  for (const [name, { source, fields }] of Object.entries(files)) {
    const content = JSON.parse(await readFile(join(folders.from, source), "utf8")) as object;
    const made = join(folders.into, name);
    await writeFile(made, JSON.stringify({ ...content, ...fields }));
    replaced[join(folders.beside, name)] = made;
  }
  const overlay = join(folders.into, "overlay.json");
  await writeFile(overlay, JSON.stringify({ Replace: replaced }));
  return overlay;
}
