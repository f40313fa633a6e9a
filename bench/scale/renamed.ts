/**
 * A text about one instance as the text about another: its name is in each identifier that follows
 * from it, with dashes or with underscores.
 */
export const renamed = (text: string, from: string, to: string): string =>
  text.replaceAll(from, to).replaceAll(from.replaceAll("-", "_"), to.replaceAll("-", "_"));
