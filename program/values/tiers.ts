import { Tier } from "@mlflow-instances/components";

export const tierNames = Object.values(Tier);

/**
 * Bounds of the grace before a deletion is final, in days; the other defaults of a tier belong to the component. 90 days are the most that a
 * deleted person's data should lie around; what production reads from is never gone within a weekend.
 */
export const retentionDays: Record<Tier, { readonly min: number; readonly max: number }> = {
  sandbox: { min: 1, max: 90 },
  standard: { min: 1, max: 90 },
  production: { min: 7, max: 90 },
};
