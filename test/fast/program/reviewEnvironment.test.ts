import { join } from "node:path";
import { stringify } from "yaml";
import { describe, expect, test } from "vitest";
import { parseEnvironment, type Environment } from "../../../program/environment/environment.ts";
import { readInstances } from "../../../program/instance/load.ts";
import { nameProblem } from "../../../program/values/naming.ts";
import { dayAfter, pullRequestOf } from "../../../program/values/pullRequest.ts";
import { fileNameOf } from "../../../program/instance/preview.ts";
import { showPath } from "../../../program/values/problems.ts";
import { readStack, stackNames } from "../../../program/instance/stackOnDisk.ts";
import { configOf, fixtureValues, folderWith } from "./support.ts";

const today = "2026-11-22";
const preview = { pullRequest: 12, until: "2026-11-29", instances: ["shop"] };

function parsed(stack: string, value: unknown, day?: string) {
  const config = {
    ...configOf({ ...fixtureValues(), ...(value === undefined ? {} : { preview: value }) }),
    stack,
  };
  const { environment, problems } = parseEnvironment(config, day);
  return {
    environment,
    problems: problems.map(({ path, message }) => `${showPath(path)}: ${message}`),
  };
}

function previewOf(
  value: object = preview,
  change: (values: any) => void = () => undefined,
): Environment {
  const values = fixtureValues();
  change(values);
  const { environment, problems } = parseEnvironment({
    ...configOf({ ...values, preview: value }),
    stack: "pr-12",
  });
  if (environment === undefined) throw new Error(JSON.stringify(problems));
  return environment;
}

const good = "team: shop\nowner: a@example.com\ndescription: d\n";
const read = (environment: Environment, files: Record<string, string>) => {
  const folder = folderWith(files);
  const loaded = readInstances(environment, folder, { stack: "pr-12", today, root: folder });
  return { ...loaded, errors: loaded.errors.map((line) => line.replaceAll(`${folder}/`, "")) };
};

describe("the stack's name", () => {
  test.each([
    ["pr-1", 1],
    ["pr-12", 12],
    ["pr-123456789", 123_456_789],
  ])("%s is of pull request %i", (stack, number) => expect(pullRequestOf(stack)).toBe(number));

  test.each([
    "prod",
    "pr",
    "pr-",
    "pr-0",
    "pr-012",
    "pr-x",
    "pr-12x",
    "pr-12-x",
    "xpr-12",
    "PR-12",
    "pr-1234567890",
    "pr-12\n",
    " pr-12",
    "org/pr-12",
  ])("%j is of none", (stack) => expect(pullRequestOf(stack)).toBeUndefined());

  test("and the value have to say the same, both ways", () => {
    expect(parsed("pr-12", preview).problems).toEqual([]);
    expect(parsed("pr-12", preview).environment?.preview).toEqual(preview);
    // As Pulumi writes a date that has no quotes.
    const unquoted = { ...preview, until: `${preview.until} 00:00:00 +0000 UTC` };
    expect(parsed("pr-12", unquoted).environment?.preview).toEqual(preview);
    expect(parsed("local", undefined).problems).toEqual([]);
    const only = "a review environment is the stack pr-12 and no other";
    for (const stack of ["local", "prod", "pr-13", "pr-x"])
      expect(parsed(stack, preview).problems).toEqual([
        `environment.preview.pullRequest: is 12, but the stack is named ${stack}; ${only}`,
      ]);
    expect(parsed("pr-12", undefined).problems).toEqual([
      "environment.preview: is missing: a stack named pr-12 is a review environment; `npx mlflow-instances review-environment up` makes it",
    ]);
  });
});

test.each<[string, unknown, string]>([
  [
    "an unknown key",
    { ...preview, forever: true },
    "environment.preview.forever: unknown key; known here: pullRequest, until, instances",
  ],
  [
    "a time",
    { ...preview, until: "2026-11-29 12:00:00 +0000 UTC" },
    'environment.preview.until: is "2026-11-29 12:00:00 +0000 UTC"; expected a date such as 2027-02-20',
  ],
  [
    "no such day",
    { ...preview, until: "2026-02-30" },
    'environment.preview.until: is "2026-02-30"; expected a date such as 2027-02-20',
  ],
  ["no day", { pullRequest: 12, instances: ["shop"] }, "environment.preview.until: is missing"],
  [
    "nothing to show",
    { ...preview, instances: [] },
    "environment.preview.instances: is empty; a preview is of one instance at least",
  ],
  [
    "one twice",
    { ...preview, instances: ["shop", "cart", "shop"] },
    'environment.preview.instances[2]: "shop" is named twice',
  ],
  [
    "a number of none",
    { ...preview, pullRequest: 0 },
    "environment.preview.pullRequest: is 0, less than 1",
  ],
])("%s is told with its path", (_, value, problem) => {
  expect(parsed("pr-12", value).problems).toContain(problem);
});

test("it lives 14 days at most, seen from today; what was right stays right", () => {
  expect(parsed("pr-12", { ...preview, until: "2026-12-06" }, today).problems).toEqual([]);
  expect(parsed("pr-12", { ...preview, until: "2026-12-07" }, today).problems).toEqual([
    "environment.preview.until: is 2026-12-07, more than 14 days ahead; at most 2026-12-06",
  ]);
  expect(parsed("pr-12", { ...preview, until: "2026-12-06" }, "2027-03-01").problems).toEqual([]);
});

test("days are counted over months, years and leap days", () => {
  expect([
    dayAfter("2026-11-24", 7),
    dayAfter("2026-12-25", 7),
    dayAfter("2028-02-22", 7),
    dayAfter("2027-02-22", 7),
  ]).toEqual(["2026-12-01", "2027-01-01", "2028-02-29", "2027-03-01"]);
});

describe("an instance in a preview", () => {
  const large = `${good}tier: production
costCenter: "4711"
host: till.mlflow.test
deletedExperimentRetention: 60d
replicas: 3
workers: 4
cpu: 2000m
memory: { request: 4Gi, limit: 8Gi }
databaseConnections: 200
temporaryStorage: 90Gi
tokens:
  ci: { role: edit, expires: 2027-10-31 }
  soon: { role: read, expires: 2026-11-25 }
`;

  test("has a name, a host and a bucket of its own, the sandbox's sizes, and tokens that end with it", () => {
    const { instances, errors } = read(previewOf(), { "shop.yaml": large });
    expect(errors).toEqual([]);
    const { resolved: sandbox } = read(previewOf(), { "shop.yaml": `${good}tier: sandbox\n` })
      .instances[0]!;
    expect(instances[0]?.resolved).toEqual({
      ...sandbox,
      costCenter: "4711",
      deletedExperimentRetention: "60d",
      bucket: { ...sandbox.bucket, noncurrentVersionDays: 60 },
      tokens: [
        { name: "ci", role: "edit", expires: "2026-11-29" },
        { name: "soon", role: "read", expires: "2026-11-25" },
      ],
    });
    expect(sandbox).toMatchObject({
      instanceName: "pr-12-shop",
      environment: "pr-12",
      tier: "sandbox",
      bucket: { name: "mlflow-pr-12-shop" },
      host: "pr-12-shop.mlflow.test",
      protect: false,
      replicas: 1,
      workers: 1,
    });
  });

  test("keeps the base's bucket prefix", () => {
    const environment = previewOf(
      preview,
      (values) => (values.platform.objectStore.bucketPrefix = "acme-ml"),
    );
    expect(read(environment, { "shop.yaml": good }).instances[0]?.resolved.bucket.name).toBe(
      "acme-ml-pr-12-shop",
    );
  });

  test("is only one of those that are named, and what is wrong with the others does not matter", () => {
    const { instances, errors } = read(previewOf(), {
      "shop.yaml": good,
      "cart.yaml": "team: 7\n",
      "notes.txt": "x",
    });
    expect(instances.map(({ name }) => name)).toEqual(["pr-12-shop"]);
    expect(errors).toEqual([]);
  });

  test("has a file, or the error says which files there are", () => {
    const { errors } = read(previewOf({ ...preview, instances: ["shop", "cat"] }), {
      "shop.yaml": good,
      "cart.yml": good,
    });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain(
      'preview.instances names "cat", but the files in it are of cart, shop',
    );
  });

  test("is checked as any instance: its own name, its schema, its bounds", () => {
    const { errors } = read(previewOf({ ...preview, instances: ["xgboost-shop", "shop"] }), {
      "xgboost-shop.yaml": good,
      "shop.yaml": `${good}deletedExperimentRetention: 91d\nreplica: 2\n`,
    });
    expect(errors).toEqual([
      expect.stringContaining("shop.yaml:5:1 replica: unknown key"),
      expect.stringContaining(
        'xgboost-shop.yaml:1:1: the instance\'s name "xgboost-shop" contains the algorithm "xgboost"',
      ),
    ]);
  });

  test("has a name that leaves room for the pull request's", () => {
    const [fits, long] = ["a".repeat(34), "a".repeat(35)];
    const { instances, errors } = read(previewOf({ ...preview, instances: [fits, long] }), {
      [`${fits}.yaml`]: good,
      [`${long}.yaml`]: good,
    });
    expect(instances.map(({ name }) => name.length)).toEqual([40]);
    expect(errors).toEqual([
      `${long}.yaml:1:1: the instance would be named pr-12-${long}, longer than 40 characters; a name that is previewed in pull request 12 has at most 34`,
    ]);
  });

  test("is not being deleted", () => {
    const { errors } = read(previewOf(), { "shop.yaml": `${good}delete: shop\n` });
    expect(errors).toEqual([
      "shop.yaml:4:1 delete: is set: an instance that is being deleted has no preview; leave it out of preview.instances",
    ]);
  });

  test("is found by its file's name again", () => {
    expect(fileNameOf(previewOf(), "pr-12-shop")).toBe("shop");
    expect(fileNameOf({}, "shop")).toBe("shop");
  });
});

test("no instance is named as the entry of previews among the object store's keys", () => {
  expect(nameProblem("preview", "standard")).toContain("is reserved");
  expect(nameProblem("preview-desk", "standard")).toBeUndefined();
});

describe("on disk", () => {
  const config = (stack: string, extra: object) => {
    const secrets = [
      "postgresqlAdminPassword",
      "objectStoreSecretAccessKey",
      "artifactStoreKeys",
      "tlsCertificate",
      "tlsPrivateKey",
    ];
    return stringify({
      config: {
        "mlflow-instances:environment": { ...fixtureValues(), ...extra },
        "mlflow-instances:instancesFolder": "stacks/instances/base",
        ...Object.fromEntries(
          secrets.map((key) => [`mlflow-instances:${key}`, { secure: `v1:${stack}` }]),
        ),
      },
    });
  };

  test("the instances of a preview have their names in it, and the template is no stack", () => {
    const root = folderWith({
      "stacks/Pulumi.example.yaml": "config: {}\n",
      "stacks/Pulumi.base.yaml": config("base", {}),
      "stacks/Pulumi.pr-12.yaml": config("pr-12", { preview }),
      "stacks/instances/base/shop.yaml": good,
      "stacks/instances/base/cart.yaml": good,
    });
    expect(stackNames(root)).toEqual(["base", "pr-12"]);
    expect(readStack(root, "base").stack).toMatchObject({
      instances: ["cart", "shop"],
      file: join(root, "stacks", "Pulumi.base.yaml"),
    });
    expect(readStack(root, "pr-12")).toMatchObject({
      stack: { instances: ["pr-12-shop"] },
      errors: [],
    });
  });
});
