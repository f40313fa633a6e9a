import * as pulumi from "@pulumi/pulumi";
import { PodIdentityAssociation } from "@pulumi/aws/eks/podIdentityAssociation.js";
import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { PodIdentityMethod } from "./enums.ts";
import type { PodIdentity } from "./platformSettings.ts";
import { instanceGrants, maintenanceGrants, type Grant } from "./internal/bucketActions.ts";
import { Component, tagsOf, type Identity } from "./internal/labels.ts";
import { logicalName, namespaceName, objectNames, type Noun } from "./internal/names.ts";
import { childrenOf, type Children } from "./internal/options.ts";
import type { PodRole } from "./internal/podAccess.ts";
import type { BucketFacts } from "./internal/storeFacts.ts";
import { roleName, rolePath, rolePolicy, trustPolicy } from "./internal/roleDocuments.ts";

export interface InstanceRolesArgs {
  identity: Identity;
  podIdentity: PodIdentity;
  bucket: BucketFacts;
  /** Whether the Job that writes the last dump needs a role. */
  preparingDeletion: boolean;
}

interface Job {
  name: "server" | "maintenance";
  component: Component;
  grants: readonly Grant[];
  role: Noun;
  policy: Noun;
  serviceAccounts: readonly string[];
}

/** The roles of AWS that an instance's pods take on instead of keys. */
export class InstanceRoles {
  private readonly child: Children;

  /** Role of the tracking server and of the final dump. */
  readonly server: PodRole;
  /** Role of the maintenance jobs: it removes objects and can't read artifacts. */
  readonly maintenance: PodRole;
  /**
   * What has to exist before the first pod starts: one that starts earlier has no credentials for
   * as long as it lives.
   */
  readonly fences: pulumi.Resource[];

  constructor(name: string, args: InstanceRolesArgs, instance: pulumi.Resource) {
    this.child = childrenOf(instance, "InstanceRoles");
    this.fences = [];
    const server = this.role(name, args, {
      name: "server",
      component: Component.TrackingServer,
      grants: instanceGrants(args.preparingDeletion),
      role: "serverRole",
      policy: "serverRolePolicy",
      serviceAccounts: [objectNames.serviceAccount, objectNames.finalDump],
    });
    const maintenance = this.role(name, args, {
      name: "maintenance",
      component: Component.Retention,
      grants: maintenanceGrants,
      role: "maintenanceRole",
      policy: "maintenanceRolePolicy",
      serviceAccounts: [objectNames.retention, objectNames.staleRuns],
    });
    if (args.podIdentity.method === PodIdentityMethod.PodIdentity) {
      this.associate(name, args, "serverAssociation", objectNames.serviceAccount, server);
      this.associate(name, args, "retentionAssociation", objectNames.retention, maintenance);
      this.associate(name, args, "staleRunsAssociation", objectNames.staleRuns, maintenance);
      if (args.preparingDeletion)
        this.associate(name, args, "finalDumpAssociation", objectNames.finalDump, server);
    }
    this.server = { method: args.podIdentity.method, arn: server.arn };
    this.maintenance = { method: args.podIdentity.method, arn: maintenance.arn };
  }

  private role(name: string, args: InstanceRolesArgs, job: Job): Role {
    const { identity, podIdentity } = args;
    const role = new Role(
      logicalName(name, job.role),
      {
        name: roleName(identity.environment, identity.instanceName, job.name),
        path: rolePath(podIdentity),
        description: `MLflow instance ${identity.instanceName} (${identity.environment}): ${job.name}`,
        assumeRolePolicy: pulumi
          .output(podIdentity.oidcProviderArn ?? podIdentity.clusterName ?? "")
          .apply((issuer) =>
            trustPolicy({
              method: podIdentity.method,
              issuer,
              namespace: namespaceName(identity.instanceName),
              serviceAccounts: job.serviceAccounts,
            }),
          ),
        ...(podIdentity.permissionsBoundaryArn === undefined
          ? {}
          : { permissionsBoundary: podIdentity.permissionsBoundaryArn }),
        tags: tagsOf(identity, job.component, args.preparingDeletion),
      },
      this.child(),
    );
    const policy = new RolePolicy(
      logicalName(name, job.policy),
      {
        name: "artifact-bucket",
        role: role.name,
        policy: pulumi
          .output(args.bucket.kmsKeyArn)
          .apply((kmsKeyArn) => rolePolicy(job.grants, { ...args.bucket, kmsKeyArn })),
      },
      this.child(),
    );
    this.fences.push(policy);
    return role;
  }

  private associate(
    name: string,
    args: InstanceRolesArgs,
    noun: Noun,
    serviceAccount: string,
    role: Role,
  ): void {
    const association = new PodIdentityAssociation(
      logicalName(name, noun),
      {
        clusterName: args.podIdentity.clusterName ?? "",
        namespace: namespaceName(args.identity.instanceName),
        serviceAccount,
        roleArn: role.arn,
        tags: tagsOf(args.identity, Component.Instance, args.preparingDeletion),
      },
      this.child(),
    );
    this.fences.push(association);
  }
}
