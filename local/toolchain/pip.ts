/** One line of pip as progress; undefined for those that say nothing to a person. */
export function pipProgress(line: string): string | undefined {
  const download =
    /^\s*(?:Downloading|Using cached) (\S+?)-(\d[^-\s]*?)(?:-\S+)?\.(?:whl|tar\.gz)(?: \((.+)\))?$/.exec(
      line,
    );
  if (download)
    return `downloads ${download[1]} ${download[2]}${download[3] === undefined ? "" : ` (${download[3]})`}`;
  if (/^Installing collected packages/.test(line)) return "installs the downloaded packages";
  return undefined;
}
