import { listOf, type Field } from "../../form.ts";
import { hostOf, isName, onExisting } from "./words.ts";

const features = [
  "versioning",
  "lifecycle",
  "encryption",
  "publicAccessBlock",
  "policyConditions",
  "objectOwnership",
] as const;

const store = (key: string): readonly string[] => ["platform", "objectStore", key];

/** The object store of an existing platform. */
export const storeFields: readonly Field[] = [
  {
    flag: "--store-endpoint <url>",
    question: "S3 endpoint, such as https://s3.example.com",
    path: store("endpoint"),
    applies: onExisting,
  },
  {
    flag: "--store-region <region>",
    question: "Region that requests to it are signed for",
    path: store("region"),
    applies: onExisting,
  },
  {
    flag: "--store-access-key-id <id>",
    question: "Id of a key that may create buckets (its secret is set by command)",
    path: store("accessKeyId"),
    applies: onExisting,
  },
  {
    flag: "--store-features <features>",
    question: 'What the store can do; "" for nothing',
    path: store("features"),
    applies: onExisting,
    choices: () => features,
    several: true,
    value: (answer) =>
      Object.fromEntries(features.map((feature) => [feature, listOf(answer).includes(feature)])),
  },
  {
    flag: "--store-cidrs <ranges>",
    question:
      "Addresses of the object store, such as 203.0.113.0/24: network policies open no names",
    path: ["platform", "network", "objectStoreCidrs"],
    value: listOf,
    applies: (answers) => onExisting(answers) && isName(hostOf(answers["store-endpoint"])),
  },
];
