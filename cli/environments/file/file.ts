import { Document, isMap, isScalar, visit } from "yaml";

const project = "mlflow-instances";

const comments: readonly (readonly [readonly string[], string])[] = [
  [
    ["pulumi:disable-default-providers"],
    " No resource may fall back to whatever cluster or account the shell happens to point to.",
  ],
  [[`${project}:environment`, "domain"], " Instances are at https://<instance>.<domain>."],
  [
    [`${project}:environment`, "platform", "adminRoleArns"],
    " Who may use the buckets beside the instances' own roles; the role that runs Pulumi has to be here.",
  ],
  [
    [`${project}:environment`, "platform", "objectStore", "features"],
    " What this store can do; a bucket goes without what is false, and every preview says so.",
  ],
  [
    [`${project}:environment`, "platform", "network"],
    " Network policies open addresses, not names.",
  ],
  [
    [`${project}:environment`, "platform", "image"],
    " With its digest: a tag can be moved to other content.",
  ],
];

/** The text of a stack file. */
export function environmentText({ domain, ...rest }: Record<string, unknown>): string {
  const values = { domain, ...rest };
  const document = new Document({
    config: { "pulumi:disable-default-providers": ["*"], [`${project}:environment`]: values },
  });
  document.commentBefore =
    " An environment, by `npx mlflow-instances new-environment`; program/platforms/ describes each value.";
  for (const [path, comment] of comments) {
    const [parent, key] = [document.getIn(["config", ...path.slice(0, -1)]), path.at(-1)];
    const pair = isMap(parent)
      ? parent.items.find((item) => isScalar(item.key) && item.key.value === key)
      : undefined;
    if (isScalar(pair?.key)) pair.key.commentBefore = comment;
  }
  visit(document, {
    // Short lists of plain values on one line, as they are written by hand.
    Seq: (_, seq) =>
      void (seq.flow = seq.items.every(isScalar) && seq.items.map(String).join(", ").length < 100),
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}
