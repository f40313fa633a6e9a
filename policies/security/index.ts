import type { Rule } from "../rule.ts";
import { bucketAclIsPrivate } from "./bucketAclIsPrivate.ts";
import { bucketBlocksPublicAccess } from "./bucketBlocksPublicAccess.ts";
import { bucketHasPolicy } from "./bucketHasPolicy.ts";
import { bucketIsEncrypted } from "./bucketIsEncrypted.ts";
import { bucketPolicyNamesPrincipals } from "./bucketPolicyNamesPrincipals.ts";
import { bucketPolicyRefusesPlainHttp } from "./bucketPolicyRefusesPlainHttp.ts";
import { containerFilesystemIsReadOnly } from "./containerFilesystemIsReadOnly.ts";
import { containerGainsNoRights } from "./containerGainsNoRights.ts";
import { databaseConnectionUsesTls } from "./databaseConnectionUsesTls.ts";
import { databaseRoleHasNoRights } from "./databaseRoleHasNoRights.ts";
import { imageIsPinned } from "./imageIsPinned.ts";
import { ingressHasTls } from "./ingressHasTls.ts";
import { ingressRefusesPlainHttp } from "./ingressRefusesPlainHttp.ts";
import { instanceUsesNoStaticKey } from "./instanceUsesNoStaticKey.ts";
import { jobExecutionHasMemory } from "./jobExecutionHasMemory.ts";
import { mlflowIsRecent } from "./mlflowIsRecent.ts";
import { namespaceEnforcesRestricted } from "./namespaceEnforcesRestricted.ts";
import { noAccessKeyIsMade } from "./noAccessKeyIsMade.ts";
import { podHasDefaultSeccomp } from "./podHasDefaultSeccomp.ts";
import { podHasNoClusterToken } from "./podHasNoClusterToken.ts";
import { podRunsAsNonRoot } from "./podRunsAsNonRoot.ts";
import { podStaysOffTheHost } from "./podStaysOffTheHost.ts";
import { publicAccessBlockIsComplete } from "./publicAccessBlockIsComplete.ts";
import { roleOwnsItsDatabaseOnly } from "./roleOwnsItsDatabaseOnly.ts";
import { routeHasTls } from "./routeHasTls.ts";
import { routeListenerHasTls } from "./routeListenerHasTls.ts";
import { secretsStayInSecrets } from "./secretsStayInSecrets.ts";
import { serverNamesHostsAndOrigins } from "./serverNamesHostsAndOrigins.ts";
import { tokenExpiresInTime } from "./tokenExpiresInTime.ts";
import { tokenHasAllowedRole } from "./tokenHasAllowedRole.ts";

export const security: readonly Rule[] = [
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
  routeHasTls,
  routeListenerHasTls,
  secretsStayInSecrets,
  serverNamesHostsAndOrigins,
  tokenExpiresInTime,
  tokenHasAllowedRole,
];
