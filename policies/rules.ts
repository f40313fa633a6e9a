import { databaseRefusesOthers } from "./isolation/databaseRefusesOthers.ts";
import { instanceHasEachPartOnce } from "./isolation/instanceHasEachPartOnce.ts";
import { instanceSharesNoBucket } from "./isolation/instanceSharesNoBucket.ts";
import { instanceSharesNoDatabase } from "./isolation/instanceSharesNoDatabase.ts";
import { instanceSharesNoKey } from "./isolation/instanceSharesNoKey.ts";
import { namespaceDeniesByDefault } from "./isolation/namespaceDeniesByDefault.ts";
import { objectLiesInOwnNamespace } from "./isolation/objectLiesInOwnNamespace.ts";
import { bucketFollowsInstance } from "./naming/bucketFollowsInstance.ts";
import { bucketHasCostCenter } from "./naming/bucketHasCostCenter.ts";
import { bucketHasTags } from "./naming/bucketHasTags.ts";
import { databaseFollowsInstance } from "./naming/databaseFollowsInstance.ts";
import { hostFollowsInstance } from "./naming/hostFollowsInstance.ts";
import { instanceHasProductName } from "./naming/instanceHasProductName.ts";
import { instanceIsUnique } from "./naming/instanceIsUnique.ts";
import { instanceLabelsAgree } from "./naming/instanceLabelsAgree.ts";
import { namespaceFollowsInstance } from "./naming/namespaceFollowsInstance.ts";
import { namespaceNamesOwner } from "./naming/namespaceNamesOwner.ts";
import { objectHasLabels } from "./naming/objectHasLabels.ts";
import { backendIsNoSqlite } from "./reliability/backendIsNoSqlite.ts";
import { containerHasResources } from "./reliability/containerHasResources.ts";
import { containerReportsFailure } from "./reliability/containerReportsFailure.ts";
import { dataHolderIsProtected } from "./reliability/dataHolderIsProtected.ts";
import { dataHolderRefusesDeletion } from "./reliability/dataHolderRefusesDeletion.ts";
import { mlflowIsNotDowngraded } from "./reliability/mlflowIsNotDowngraded.ts";
import { poolsFitTheRole } from "./reliability/poolsFitTheRole.ts";
import { productionHasReplicas } from "./reliability/productionHasReplicas.ts";
import { replicasAreSpread } from "./reliability/replicasAreSpread.ts";
import { replicasHaveDisruptionBudget } from "./reliability/replicasHaveDisruptionBudget.ts";
import { roleHasConnectionLimit } from "./reliability/roleHasConnectionLimit.ts";
import { rolesFitTheServer } from "./reliability/rolesFitTheServer.ts";
import { serverHasProbes } from "./reliability/serverHasProbes.ts";
import { serverIsMigrated } from "./reliability/serverIsMigrated.ts";
import { bucketHasLifecycle } from "./retention/bucketHasLifecycle.ts";
import { bucketLifecycleKeepsArtifacts } from "./retention/bucketLifecycleKeepsArtifacts.ts";
import { bucketLifecycleStandsAlone } from "./retention/bucketLifecycleStandsAlone.ts";
import { databaseBackupOutlastsRetention } from "./retention/databaseBackupOutlastsRetention.ts";
import { namespaceDeclaresRetention } from "./retention/namespaceDeclaresRetention.ts";
import { retentionIsNotCutShort } from "./retention/retentionIsNotCutShort.ts";
import { retentionJobAppliesRetention } from "./retention/retentionJobAppliesRetention.ts";
import type { Rule } from "./rule.ts";
import { bucketAclIsPrivate } from "./security/bucketAclIsPrivate.ts";
import { bucketBlocksPublicAccess } from "./security/bucketBlocksPublicAccess.ts";
import { bucketHasPolicy } from "./security/bucketHasPolicy.ts";
import { bucketIsEncrypted } from "./security/bucketIsEncrypted.ts";
import { bucketPolicyNamesPrincipals } from "./security/bucketPolicyNamesPrincipals.ts";
import { bucketPolicyRefusesPlainHttp } from "./security/bucketPolicyRefusesPlainHttp.ts";
import { containerFilesystemIsReadOnly } from "./security/containerFilesystemIsReadOnly.ts";
import { containerGainsNoRights } from "./security/containerGainsNoRights.ts";
import { databaseConnectionUsesTls } from "./security/databaseConnectionUsesTls.ts";
import { databaseRoleHasNoRights } from "./security/databaseRoleHasNoRights.ts";
import { imageIsPinned } from "./security/imageIsPinned.ts";
import { ingressHasTls } from "./security/ingressHasTls.ts";
import { ingressRefusesPlainHttp } from "./security/ingressRefusesPlainHttp.ts";
import { instanceUsesNoStaticKey } from "./security/instanceUsesNoStaticKey.ts";
import { jobExecutionHasMemory } from "./security/jobExecutionHasMemory.ts";
import { mlflowIsRecent } from "./security/mlflowIsRecent.ts";
import { namespaceEnforcesRestricted } from "./security/namespaceEnforcesRestricted.ts";
import { noAccessKeyIsMade } from "./security/noAccessKeyIsMade.ts";
import { podHasDefaultSeccomp } from "./security/podHasDefaultSeccomp.ts";
import { podHasNoClusterToken } from "./security/podHasNoClusterToken.ts";
import { podRunsAsNonRoot } from "./security/podRunsAsNonRoot.ts";
import { podStaysOffTheHost } from "./security/podStaysOffTheHost.ts";
import { publicAccessBlockIsComplete } from "./security/publicAccessBlockIsComplete.ts";
import { roleOwnsItsDatabaseOnly } from "./security/roleOwnsItsDatabaseOnly.ts";
import { secretsStayInSecrets } from "./security/secretsStayInSecrets.ts";
import { serverNamesHostsAndOrigins } from "./security/serverNamesHostsAndOrigins.ts";
import { tokenExpiresInTime } from "./security/tokenExpiresInTime.ts";
import { tokenHasAllowedRole } from "./security/tokenHasAllowedRole.ts";

/** Every rule, in the order of the packs. */
export const rules: readonly Rule[] = [
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
  namespaceDeclaresRetention,
  bucketHasLifecycle,
  bucketLifecycleKeepsArtifacts,
  bucketLifecycleStandsAlone,
  databaseBackupOutlastsRetention,
  retentionIsNotCutShort,
  retentionJobAppliesRetention,
  bucketAclIsPrivate,
  bucketBlocksPublicAccess,
  bucketHasPolicy,
  bucketIsEncrypted,
  bucketPolicyNamesPrincipals,
  bucketPolicyRefusesPlainHttp,
  containerFilesystemIsReadOnly,
  containerGainsNoRights,
  databaseConnectionUsesTls,
  databaseRoleHasNoRights,
  imageIsPinned,
  ingressHasTls,
  ingressRefusesPlainHttp,
  instanceUsesNoStaticKey,
  jobExecutionHasMemory,
  mlflowIsRecent,
  namespaceEnforcesRestricted,
  noAccessKeyIsMade,
  podHasDefaultSeccomp,
  podHasNoClusterToken,
  podRunsAsNonRoot,
  podStaysOffTheHost,
  publicAccessBlockIsComplete,
  roleOwnsItsDatabaseOnly,
  secretsStayInSecrets,
  serverNamesHostsAndOrigins,
  tokenExpiresInTime,
  tokenHasAllowedRole,
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
  namespaceDeniesByDefault,
  databaseRefusesOthers,
  instanceHasEachPartOnce,
  instanceSharesNoBucket,
  instanceSharesNoDatabase,
  instanceSharesNoKey,
  objectLiesInOwnNamespace,
];
