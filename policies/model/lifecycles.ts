type Props = Record<string, any>;

/** One rule of a bucket's lifecycle, as far as the rules of retention ask. */
export interface LifecycleRule {
  readonly title: string;
  readonly active: boolean;
  /** Objects that it is about; "" means all. */
  readonly prefix: string;
  /** Whether it removes current objects. */
  readonly expires: boolean;
  /** Storage classes to which it moves current objects. */
  readonly classes: readonly string[];
  /** Days after which it removes noncurrent versions. */
  readonly noncurrentDays: number | undefined;
  readonly endsUploads: boolean;
}

const lifecycleRule = (rule: Props, index: number): LifecycleRule => ({
  title: rule["id"] === undefined ? `rules[${index}]` : `rule ${rule["id"]}`,
  active: rule["status"] === "Enabled",
  prefix: rule["filter"]?.["prefix"] ?? rule["filter"]?.["and"]?.["prefix"] ?? rule["prefix"] ?? "",
  // The provider's outputs have 0 and "" for what was not set.
  expires: (rule["expiration"]?.["days"] ?? 0) > 0 || (rule["expiration"]?.["date"] ?? "") !== "",
  classes: ((rule["transitions"] ?? []) as Props[]).map(
    ({ storageClass }) => storageClass as string,
  ),
  noncurrentDays: rule["noncurrentVersionExpiration"]?.["noncurrentDays"],
  endsUploads: (rule["abortIncompleteMultipartUpload"]?.["daysAfterInitiation"] ?? 0) > 0,
});

/**
 * How to read each rule of a lifecycle; one that a preview can't know throws when it is read, and
 * no other.
 */
export function lifecycleRulesOf(props: Props): (() => LifecycleRule)[] {
  const rules = (props["rules"] ?? []) as Props[];
  return Array.from(
    { length: rules.length },
    (_, index) => () => lifecycleRule(rules[index]!, index),
  );
}
