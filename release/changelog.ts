const heading = "## Unreleased";

/** Text of one version's section; undefined when there is none. */
export function notesOf(changelog: string, version: string): string | undefined {
  const sections = changelog.split(/^(?=## )/m);
  const section = sections.find((each) => each.split(/\s/)[1] === version);
  return section?.slice(section.indexOf("\n") + 1).trim();
}

/** The changelog with what is unreleased under a version and its day. */
export function released(changelog: string, version: string, day: string): string {
  return changelog.replace(heading, `${heading}\n\n## ${version} (${day})`);
}
