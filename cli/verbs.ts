import type { Define } from "./context.ts";

/** A verb as the list of all shows it. Its module is loaded only when the verb is used. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly define: Define }>;
  /** A second Ctrl-C ends the command at once: its work runs in the cluster, not here. */
  readonly endsAtOnce?: boolean;
}

export interface Group {
  readonly title: string;
  readonly verbs: readonly Verb[];
}

const maintenance = (verb: Omit<Verb, "endsAtOnce">): Verb => ({ ...verb, endsAtOnce: true });

export const groups: readonly Group[] = [
  {
    title: "Instances",
    verbs: [
      {
        name: "new-instance",
        summary: "write the file of a new instance; a pull request with it makes the instance",
        load: () => import("./instances/newInstance.ts"),
      },
      {
        name: "promote",
        summary: "copy an instance's file to the next environment and show the differences",
        load: () => import("./instances/promote.ts"),
      },
      {
        name: "tokens",
        summary: "list the access tokens of an environment, when each ends, and which end soon",
        load: () => import("./changes/tokens.ts"),
      },
    ],
  },
  {
    title: "Environments",
    verbs: [
      {
        name: "new-environment",
        summary: "write the stack file of a new environment, on AWS or on any Kubernetes",
        load: () => import("./environments/newEnvironment.ts"),
      },
      {
        name: "stacks",
        summary: "list the environments that have a stack file in Git, and check their files",
        load: () => import("./environments/stacks.ts"),
      },
      {
        name: "policies",
        summary: "list the rules of the policy packs, and check their configuration",
        load: () => import("./environments/policies.ts"),
      },
      {
        name: "setup-ci",
        summary: "prepare a pipeline's job: write its files and install the Pulumi CLI",
        load: () => import("./environments/setupCi.ts"),
      },
      {
        name: "gitlab-jobs",
        summary: "write a job for each environment, as a child pipeline of GitLab's",
        load: () => import("./environments/gitlabJobs.ts"),
      },
    ],
  },
  {
    title: "Changes",
    verbs: [
      {
        name: "preview",
        summary: "show the effects of a change on an environment as one page; changes nothing",
        load: () => import("./changes/preview.ts"),
      },
      {
        name: "deploy",
        summary: "deploy the files of an environment if the preview is clean",
        load: () => import("./changes/deploy.ts"),
      },
      {
        name: "drift",
        summary:
          "compare the deployed resources with the last update and with the files; changes nothing",
        load: () => import("./changes/drift.ts"),
      },
      {
        name: "comment",
        summary: "keep one comment per environment on the pull request, changed in place",
        load: () => import("./changes/comment.ts"),
      },
      {
        name: "review-environment",
        summary: "make, list and destroy the short-lived environments of pull requests",
        load: () => import("./changes/reviewEnvironment.ts"),
      },
    ],
  },
  {
    title: "Maintenance of an instance that runs",
    verbs: [
      maintenance({
        name: "retention",
        summary: "remove deleted items for good after the instance's grace period",
        load: () => import("./maintenance/retention.ts"),
      }),
      maintenance({
        name: "stale-runs",
        summary: "set RUNNING runs to FAILED that get no more data",
        load: () => import("./maintenance/staleRuns.ts"),
      }),
      maintenance({
        name: "orphans",
        summary: "list objects that no row points to, and rows whose objects are missing",
        load: () => import("./maintenance/orphans.ts"),
      }),
      maintenance({
        name: "restore-deleted",
        summary: "take a deleted experiment, run or logged model back",
        load: () => import("./maintenance/restoreDeleted.ts"),
      }),
      maintenance({
        name: "purge",
        summary: "remove one deleted thing, or a trace, for good and now; asks for its name",
        load: () => import("./maintenance/purge.ts"),
      }),
      maintenance({
        name: "audit",
        summary: "print who changed, deleted or was refused what in an instance",
        load: () => import("./maintenance/audit.ts"),
      }),
    ],
  },
  {
    title: "This command",
    verbs: [
      {
        name: "completion",
        summary: "print the completion script of a shell",
        load: () => import("./completion/completion.ts"),
      },
    ],
  },
];

export const verbs: readonly Verb[] = groups.flatMap((group) => group.verbs);
