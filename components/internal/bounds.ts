/** A range of whole numbers, both ends included. */
export interface Bound {
  readonly least: number;
  readonly most: number;
}

/**
 * Bounds of an instance's values, for the checks, the files' schema and their texts. Policies have
 * their own copy, since they judge programs without this package.
 */
export const bounds = {
  /**
   * Days between a deletion and its being final. 90 are the most that a deleted person's data
   * should lie around.
   */
  deletedExperimentRetention: { least: 1, most: 90 },
  /**
   * Days after which a trace goes. A removal without grace: a slip of the pen must not reach what
   * was made this week.
   */
  traceRetention: { least: 7, most: 730 },
  /** Days for which rows of the audit stay (audit/days.py, whose table keeps the least itself). */
  auditRetention: { least: 30, most: 3650 },
  /** Hours that a run may be RUNNING before it is looked at. */
  staleRunsAfter: { least: 1, most: 30 * 24 },
  replicas: { least: 1, most: 10 },
  /** Server processes in each pod. */
  workers: { least: 1, most: 16 },
  /** Values of one access token over time; monthly ones last for 800 years. */
  tokenGeneration: { least: 1, most: 9999 },
  /** MiB at which a pod is ended: the server refuses to start with less (settings.py). */
  memoryLimit: { least: 256, most: 2 ** 30 },
} as const satisfies Record<string, Bound>;

export const isWithin = (value: number | undefined, { least, most }: Bound): boolean =>
  value !== undefined && Number.isInteger(value) && value >= least && value <= most;

/** `7d to 730d`. */
export const inDays = ({ least, most }: Bound): string => `${least}d to ${most}d`;

/** Hours as `1h to 30d`. */
export const inHours = ({ least, most }: Bound): string =>
  `${least}h to ${most % 24 === 0 ? `${most / 24}d` : `${most}h`}`;
