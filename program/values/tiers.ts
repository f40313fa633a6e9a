import { bounds, Tier, type Bound } from "@mlflow-instances/components/internal";

export const tierNames = Object.values(Tier);

const widest = bounds.deletedExperimentRetention;

/**
 * Bounds of the grace before a deletion is final, in days: what production reads from is never gone
 * within a weekend.
 */
export const retentionDays: Record<Tier, Bound> = {
  sandbox: widest,
  standard: widest,
  production: { ...widest, least: 7 },
};
