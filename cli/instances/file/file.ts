import { Document, isMap } from "yaml";

const schemaLine = " yaml-language-server: $schema=../../instance.schema.json";

/** The text of an instance file: one line for each token, as the files are written by hand. */
export function instanceText(values: Record<string, unknown>): string {
  const document = new Document(values);
  document.commentBefore = schemaLine;
  flowTokens(document);
  // A comment at the head of a document is followed by an empty line; the schema's line stands
  // right above the values.
  return document.toString({ lineWidth: 0 }).replace(/^(#.*\n)\n/, "$1");
}

/** Tokens in one line each, however they were before. */
export function flowTokens(document: Document): void {
  const tokens = document.get("tokens");
  if (!isMap(tokens)) return;
  for (const { value } of tokens.items) if (isMap(value)) value.flow = true;
}
