import type { Rule } from "../rule.ts";
import { backendIsNoSqlite } from "./backendIsNoSqlite.ts";
import { containerHasResources } from "./containerHasResources.ts";
import { containerReportsFailure } from "./containerReportsFailure.ts";
import { dataHolderIsProtected } from "./dataHolderIsProtected.ts";
import { dataHolderRefusesDeletion } from "./dataHolderRefusesDeletion.ts";
import { mlflowIsNotDowngraded } from "./mlflowIsNotDowngraded.ts";
import { poolsFitTheRole } from "./poolsFitTheRole.ts";
import { productionHasReplicas } from "./productionHasReplicas.ts";
import { replicasAreSpread } from "./replicasAreSpread.ts";
import { replicasHaveDisruptionBudget } from "./replicasHaveDisruptionBudget.ts";
import { roleHasConnectionLimit } from "./roleHasConnectionLimit.ts";
import { rolesFitTheServer } from "./rolesFitTheServer.ts";
import { serverHasProbes } from "./serverHasProbes.ts";
import { serverIsMigrated } from "./serverIsMigrated.ts";

export const reliability: readonly Rule[] = [
  backendIsNoSqlite,
  containerHasResources,
  containerReportsFailure,
  dataHolderIsProtected,
  dataHolderRefusesDeletion,
  mlflowIsNotDowngraded,
  poolsFitTheRole,
  productionHasReplicas,
  replicasAreSpread,
  replicasHaveDisruptionBudget,
  roleHasConnectionLimit,
  rolesFitTheServer,
  serverHasProbes,
  serverIsMigrated,
];
