/** One line of pip as progress; undefined for those that say nothing to a person. */
export function pipProgress(line: string): string | undefined {
  const download = /^\s*(?:Downloading|Using cached) (\S+?)(?:-[\w.]+){0,3}\.(?:whl|tar\.gz)(?:\.metadata)?(?: \((.+)\))?$/.exec(line);
  if (download && !line.includes(".metadata")) return `downloads ${download[1]}${download[2] === undefined ? "" : ` (${download[2]})`}`;
  if (/^Installing collected packages/.test(line)) return "installs the downloaded packages";
  return undefined;
}
