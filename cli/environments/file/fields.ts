import { existsSync, readFileSync } from "node:fs";
import { listOf, type Answers, type Field } from "../../form.ts";
import { tierNames } from "../../../program/values/tiers.ts";
import { accountFields, cloudFields } from "./awsFields.ts";
import { storeFields } from "./existingFields.ts";
import { ingressFields } from "./ingressFields.ts";
import { serverFields } from "./serverFields.ts";
import { onExisting } from "./words.ts";

/**
 * Where kubeconfigs are, and what is in them; a file that isn't on this machine has no contexts to
 * offer.
 */
export interface Kubeconfigs {
  readonly usual: string;
  readonly contexts: (kubeconfig: string) => readonly string[] | undefined;
}

// Labels, buckets and databases carry it.
const namePattern = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;

const byContext = (answers: Answers): boolean =>
  onExisting(answers) || answers["cluster-by"] === "context";

/**
 * Every value of an environment that a command asks for or takes, in the order of the questions.
 */
export const environmentFields = ({ usual, contexts }: Kubeconfigs): readonly Field[] => [
  {
    flag: "--name <name>",
    argument: true,
    question: "Name of the environment, which is the Pulumi stack, such as dev",
    problem: (name) => {
      if (/^pr-/.test(name))
        return "names the review environment of a pull request; `npx mlflow-instances review-environment` makes those";
      if (name === "local") return "is the embedded platform's, which `npm run local` makes";
      if (name === "example") return "is the name of the template";
      return namePattern.test(name)
        ? undefined
        : "is not 1 to 20 lower-case letters, digits and hyphens that begin with a letter";
    },
  },
  {
    flag: "--kind <kind>",
    question:
      "existing: Kubernetes, PostgreSQL and an S3-compatible store that are there; aws: an EKS cluster, S3 and RDS",
    path: ["platform", "kind"],
    choices: () => ["existing", "aws"],
  },
  {
    flag: "--domain <domain>",
    question: "Domain of the instances, which get https://<instance>.<domain>",
    path: ["domain"],
  },
  ...accountFields,
  {
    flag: "--kubeconfig <file>",
    question: "Path of the kubeconfig on the machine that deploys",
    path: ["platform", "kubernetes", "kubeconfig"],
    applies: byContext,
    fallback: () => usual,
    asked: true,
  },
  {
    flag: "--context <context>",
    question: "Context in it",
    path: ["platform", "kubernetes", "context"],
    applies: byContext,
    choices: ({ kubeconfig = usual }) => contexts(kubeconfig),
  },
  ...cloudFields,
  ...serverFields,
  ...storeFields,
  ...ingressFields,
  {
    flag: "--image <reference>",
    question:
      "The tracking server's image in your registry, with its digest: <registry>/<name>:<version>@sha256:…",
    path: ["platform", "image"],
  },
  {
    flag: "--mlflow-version <version>",
    question: "MLflow's version in it, where it isn't this repository's",
    path: ["platform", "mlflowVersion"],
    optional: true,
  },
  {
    flag: "--ca-bundle <file>",
    question:
      "Certificates of a private authority that the database's and an existing store's certificates are of",
    path: ["platform", "caBundle"],
    value: (file) => readFileSync(file, "utf8"),
    problem: (file) => (existsSync(file) ? undefined : "there is no such file"),
    optional: true,
  },
  {
    flag: "--artifacts <access>",
    question:
      "proxied: clients need only the tracking server; presigned: they reach the object store themselves",
    path: ["artifacts", "access"],
    choices: () => ["proxied", "presigned"],
    fallback: () => "proxied",
  },
  {
    flag: "--tier <tier>",
    question: "Tier of an instance whose file names none",
    path: ["defaults", "tier"],
    choices: () => tierNames,
    fallback: () => "standard",
  },
  {
    flag: "--time-zone <zone>",
    question: "Time zone of maintenance schedules (default: Etc/UTC)",
    path: ["defaults", "timeZone"],
    optional: true,
  },
  {
    flag: "--retention-bounds <min,max>",
    question:
      "Bounds of an instance's deletedExperimentRetention, such as 7d,90d (default: those of its tier)",
    path: ["bounds", "deletedExperimentRetention"],
    value: (answer) => ({ min: listOf(answer)[0], max: listOf(answer)[1] }),
    optional: true,
  },
];
