import type { Rule } from "../rule.ts";
import { databaseRefusesOthers } from "./databaseRefusesOthers.ts";
import { instanceHasEachPartOnce } from "./instanceHasEachPartOnce.ts";
import { instanceSharesNoBucket } from "./instanceSharesNoBucket.ts";
import { instanceSharesNoDatabase } from "./instanceSharesNoDatabase.ts";
import { instanceSharesNoKey } from "./instanceSharesNoKey.ts";
import { namespaceDeniesByDefault } from "./namespaceDeniesByDefault.ts";
import { objectLiesInOwnNamespace } from "./objectLiesInOwnNamespace.ts";

export const isolation: readonly Rule[] = [
  namespaceDeniesByDefault,
  databaseRefusesOthers,
  instanceHasEachPartOnce,
  instanceSharesNoBucket,
  instanceSharesNoDatabase,
  instanceSharesNoKey,
  objectLiesInOwnNamespace,
];
