import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { drawDiagrams } from "../../../docs/images/draw.ts";
import { refusal, root } from "../cli/changes/workflows/support/commands.ts";

// Every page of the project: its links lead somewhere, its commands are understood.

const own = (folder: string): string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (/^(node_modules|fixtures|\.git|coverage)$/.test(entry.name)) return [];
    return entry.isDirectory() ? own(path) : path.endsWith(".md") ? [path] : [];
  });
const pages = own(".");
const read = (page: string): string => readFileSync(join(root, page), "utf8");
const withoutCode = (text: string): string =>
  text.replaceAll(/^```[\s\S]*?^```$/gm, "").replaceAll(/`[^`\n]*`/g, "");

/** The names that GitHub and GitLab give to a page's headings. */
function anchors(page: string): Set<string> {
  const text = read(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  const given = [...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!);
  return new Set([...headings, ...given]);
}

/** Links of a page that lead nowhere. */
function brokenLinks(page: string, text = read(page)): string[] {
  const targets = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link!);
  return targets.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? page : relative(root, join(root, dirname(page), path));
    if (!existsSync(join(root, target))) return true;
    if (anchor === undefined) return false;
    return statSync(join(root, target)).isDirectory() || !anchors(target).has(anchor);
  });
}

/** Words of a command line as the shell passes them; `<stack>` and `…` stand for any word. */
const words = (line: string): string[] =>
  [...line.split(" > ")[0]!.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
    .map(([, double, single, word]) => (double ?? single ?? word!).replaceAll(/<\w+>/g, "word"))
    .filter((word) => word !== "…");

/** Command lines in fenced blocks, those that go on in the next line joined. */
const commands = (page: string): string[] =>
  [...read(page).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
    block!
      .replaceAll(/\\\n/g, " ")
      .split("\n")
      .map((line) => line.replace(/^\$ /, "").split(" #")[0]!.replaceAll(/ +/g, " ").trim())
      .filter((line) => line.startsWith("npx mlflow-instances ")),
  );

describe.each(pages)("%s", (page) => {
  it("has links that lead somewhere", () => expect(brokenLinks(page)).toEqual([]));

  const lines = commands(page);
  if (lines.length > 0)
    it.each(lines)("`%s` is understood", async (line) => {
      const args = words(line).slice(2);
      if (args.includes("--help")) return;
      expect(await refusal(args)).toBeUndefined();
    });
});

it("a link that leads nowhere would be found", () => {
  const text = "[a](docs/none.md) [b](docs/commands.md#none) [c](docs/commands.md#exit-codes)";
  expect(brokenLinks("README.md", text)).toEqual(["docs/none.md", "docs/commands.md#none"]);
  expect(commands("README.md").length).toBeGreaterThan(4);
});

it("the README stays short enough to be read: at most 900 words", () => {
  expect(read("README.md").split(/\s+/).length).toBeLessThanOrEqual(900);
});

it("the diagrams are what their sources draw: npm run diagrams", async () => {
  for (const [name, svg] of Object.entries(await drawDiagrams()))
    expect(read(`docs/images/${name}`), name).toBe(svg);
});
