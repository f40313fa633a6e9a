import type { Rule } from "../rule.ts";
import { bucketFollowsInstance } from "./bucketFollowsInstance.ts";
import { bucketHasCostCenter } from "./bucketHasCostCenter.ts";
import { bucketHasTags } from "./bucketHasTags.ts";
import { databaseFollowsInstance } from "./databaseFollowsInstance.ts";
import { hostFollowsInstance } from "./hostFollowsInstance.ts";
import { instanceHasProductName } from "./instanceHasProductName.ts";
import { instanceIsUnique } from "./instanceIsUnique.ts";
import { instanceLabelsAgree } from "./instanceLabelsAgree.ts";
import { namespaceFollowsInstance } from "./namespaceFollowsInstance.ts";
import { namespaceNamesOwner } from "./namespaceNamesOwner.ts";
import { objectHasLabels } from "./objectHasLabels.ts";

export const naming: readonly Rule[] = [
  instanceHasProductName,
  bucketFollowsInstance,
  bucketHasCostCenter,
  bucketHasTags,
  databaseFollowsInstance,
  hostFollowsInstance,
  instanceIsUnique,
  instanceLabelsAgree,
  namespaceFollowsInstance,
  namespaceNamesOwner,
  objectHasLabels,
];
