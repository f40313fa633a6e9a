import {
  bucketArn,
  instanceGrants,
  maintenanceGrants,
  resourcesOf,
  type Grant,
} from "./bucketActions.ts";

/** What the policy needs to know, every value resolved. */
export interface BucketPolicyFacts {
  bucket: string;
  /** Part of AWS that the bucket is in; `aws` for every other store. */
  partition: string;
  instancePrincipal: string;
  /**
   * Users whose keys are being replaced: pods still use them, so they keep the instance's rights.
   */
  formerPrincipals?: readonly string[];
  /**
   * Principal of the maintenance jobs; the instance's own where the store gives one user per
   * bucket.
   */
  maintenancePrincipal: string;
  adminPrincipals: string[];
  /**
   * Whether the principals are roles of AWS with policies of their own. Then nothing is allowed
   * here: in one account either allowance is enough, and what a role may do has to stand in one
   * place.
   */
  grantedByRoles: boolean;
  /** Whether the instance is about to go: then its principal may write the last dump, too. */
  preparingDeletion: boolean;
  tlsOnly: boolean;
  refusal: Refusal;
}

/**
 * How principals that aren't named and actions that aren't granted are denied: not at all where the
 * policy is the only source of rights; by the ARN that AWS knows of each request; or by principal
 * where the store knows no such condition and lets every key of a project do everything.
 */
export type Refusal = "none" | "byArn" | "byPrincipal";

interface Statement {
  Sid: string;
  Effect: "Allow" | "Deny";
  Principal?: "*" | { AWS: string[] };
  NotPrincipal?: { AWS: string[] };
  Action?: readonly string[];
  NotAction?: readonly string[];
  Resource?: string[];
  NotResource?: string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/**
 * The bucket's policy document. A store such as versitygw refuses everyone whom a policy doesn't
 * name, the owner included, so the administrators are named too, or the next `up` could not change
 * the bucket any more.
 */
export function bucketPolicy(facts: BucketPolicyFacts): string {
  const arn = bucketArn(facts.bucket, facts.partition);
  const everything = [arn, `${arn}/*`];
  const allow = (grants: readonly Grant[], principals: string[]): Statement[] =>
    grants.map((grant) => ({
      Sid: grant.sid,
      Effect: "Allow",
      Principal: { AWS: principals },
      Action: grant.actions,
      Resource: resourcesOf(grant, arn),
    }));
  const instances = principalsOf(facts);
  const named = [...new Set([...instances, facts.maintenancePrincipal, ...facts.adminPrincipals])];
  const refuse = (sid: string, condition: Statement["Condition"] & {}): Statement => ({
    Sid: sid,
    Effect: "Deny",
    Principal: "*",
    Action: ["s3:*"],
    Resource: everything,
    Condition: condition,
  });
  const { maintenancePrincipal, adminPrincipals } = facts;
  const statements: Statement[] = [
    ...(facts.grantedByRoles
      ? []
      : [
          ...allow(instanceGrants(facts.preparingDeletion), instances),
          ...allow(maintenanceGrants, [maintenancePrincipal]),
          {
            Sid: "AdminsManage",
            Effect: "Allow",
            Principal: { AWS: adminPrincipals },
            Action: ["s3:*"],
            Resource: everything,
          } satisfies Statement,
        ]),
    ...(facts.tlsOnly
      ? [refuse("RefusePlainHttp", { Bool: { "aws:SecureTransport": "false" } })]
      : []),
    ...(facts.refusal === "byPrincipal"
      ? [
          {
            Sid: "RefuseOthers",
            Effect: "Deny",
            NotPrincipal: { AWS: named },
            Action: ["s3:*"],
            Resource: everything,
          } satisfies Statement,
          ...refuseTheRest(facts, arn),
        ]
      : []),
    ...(facts.refusal === "byArn"
      ? [
          // By condition and not by NotPrincipal, which a role's session does not match reliably;
          // the key holds the role's ARN for all of its sessions.
          refuse("RefuseOthers", { StringNotEquals: { "aws:PrincipalArn": named } }),
        ]
      : []),
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

const principalsOf = (facts: BucketPolicyFacts): string[] => [
  ...new Set([facts.instancePrincipal, ...(facts.formerPrincipals ?? [])]),
];

/**
 * Refuses to the instance's users what they aren't granted: another object than theirs, another
 * action, this very policy.
 */
function refuseTheRest(facts: BucketPolicyFacts, arn: string): Statement[] {
  const { instancePrincipal, maintenancePrincipal, preparingDeletion } = facts;
  const principals = principalsOf(facts);
  const serverGrants = instanceGrants(preparingDeletion);
  const users =
    instancePrincipal === maintenancePrincipal
      ? [{ job: "Instance", principals, grants: [...serverGrants, ...maintenanceGrants] }]
      : [
          { job: "Instance", principals, grants: serverGrants },
          { job: "Maintenance", principals: [maintenancePrincipal], grants: maintenanceGrants },
        ];
  return users.flatMap(({ job, principals: refused, grants }): Statement[] => [
    {
      Sid: `Refuse${job}TheRest`,
      Effect: "Deny",
      Principal: { AWS: refused },
      NotAction: [...new Set(grants.flatMap(({ actions }) => actions))],
      Resource: [arn, `${arn}/*`],
    },
    ...limits(grants, arn).map(({ actions, resources }, index): Statement => ({
      Sid: `Refuse${job}Elsewhere${index === 0 ? "" : index + 1}`,
      Effect: "Deny",
      Principal: { AWS: refused },
      Action: actions,
      NotResource: resources,
    })),
  ]);
}

/**
 * Actions on objects that are granted for some of them only, each once with everything it is
 * granted for: a second refusal would take back what the first spares.
 */
function limits(
  grants: readonly Grant[],
  arn: string,
): { actions: string[]; resources: string[] }[] {
  const patterns = new Map<string, Set<string>>();
  for (const { actions, keys } of grants) {
    for (const action of actions)
      patterns.set(action, new Set([...(patterns.get(action) ?? []), ...(keys ?? ["*"])]));
  }
  const byPatterns = new Map<string, string[]>();
  for (const [action, keys] of patterns) {
    if (keys.has("*")) continue;
    const together = JSON.stringify([...keys].toSorted());
    byPatterns.set(together, [...(byPatterns.get(together) ?? []), action]);
  }
  return [...byPatterns].map(([keys, actions]) => ({
    actions,
    resources: (JSON.parse(keys) as string[]).map((pattern) => `${arn}/${pattern}`),
  }));
}
