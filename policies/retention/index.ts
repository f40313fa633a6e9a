import type { Rule } from "../rule.ts";
import { bucketHasLifecycle } from "./bucketHasLifecycle.ts";
import { bucketLifecycleKeepsArtifacts } from "./bucketLifecycleKeepsArtifacts.ts";
import { bucketLifecycleStandsAlone } from "./bucketLifecycleStandsAlone.ts";
import { databaseBackupOutlastsRetention } from "./databaseBackupOutlastsRetention.ts";
import { namespaceDeclaresRetention } from "./namespaceDeclaresRetention.ts";
import { retentionIsNotCutShort } from "./retentionIsNotCutShort.ts";
import { retentionJobAppliesRetention } from "./retentionJobAppliesRetention.ts";

export const retention: readonly Rule[] = [
  namespaceDeclaresRetention,
  bucketHasLifecycle,
  bucketLifecycleKeepsArtifacts,
  bucketLifecycleStandsAlone,
  databaseBackupOutlastsRetention,
  retentionIsNotCutShort,
  retentionJobAppliesRetention,
];
