import { expect, test } from "vitest";
import { errorsOf, good } from "./instanceFiles.ts";
import { fixtureEnvironment } from "./support.ts";

// Names of files that can't be names of instances.

const names: [name: string, reason: string][] = [
  ["Shop", "has an upper-case letter; names are lower case, as hosts and buckets are"],
  [
    "a".repeat(41),
    "is 41 characters long; at most 40, because bucket, database and host names are made from it",
  ],
  [
    "ab",
    "is not 3 to 40 lower-case letters, digits and hyphens that begin with a letter and end with a letter or digit",
  ],
  [
    "shop-",
    "is not 3 to 40 lower-case letters, digits and hyphens that begin with a letter and end with a letter or digit",
  ],
  [
    "shop_rank",
    "is not 3 to 40 lower-case letters, digits and hyphens that begin with a letter and end with a letter or digit",
  ],
  [
    "fraud-xgboost",
    'contains the algorithm "xgboost"; name the product, since the algorithm will change and the name can\'t',
  ],
  [
    "lgbm-fraud",
    'contains the algorithm "lgbm"; name the product, since the algorithm will change and the name can\'t',
  ],
  [
    "search-bert2",
    'contains the algorithm "bert2"; name the product, since the algorithm will change and the name can\'t',
  ],
  ["fraud-v3", 'contains the version or year "v3"; MLflow versions models inside the instance'],
  ["fraudv3", 'contains the version or year "fraudv3"; MLflow versions models inside the instance'],
  ["fraud-2026", 'contains the version or year "2026"; MLflow versions models inside the instance'],
  ["fraud-final", 'contains "final", which is a state of one model; name the product'],
];

test.each(names)("name %s", (name, reason) => {
  expect(errorsOf({ [`${name}.yaml`]: good })).toEqual([
    `${name}.yaml:1:1: the instance's name "${name}" ${reason}`,
  ]);
});

test("two files of one name, by ending and by case", () => {
  expect(errorsOf({ "shop.yaml": good, "shop.yml": good })).toEqual([
    "shop.yml: the same instance as shop.yaml; one of the two has to go",
  ]);
  expect(errorsOf({ "Shop.yaml": good, "shop.yaml": good })).toEqual([
    'Shop.yaml:1:1: the instance\'s name "Shop" has an upper-case letter; names are lower case, as hosts and buckets are',
    "shop.yaml: the same instance as Shop.yaml; one of the two has to go",
  ]);
});

test("a bucket name that would be too long names the bucket", () => {
  const environment = fixtureEnvironment(
    (values) => (values.platform.objectStore.bucketPrefix = "a-very-long-company-prefix"),
  );
  expect(errorsOf({ [`${"shop".repeat(10)}.yaml`]: good }, environment)).toEqual([
    `${"shop".repeat(10)}.yaml:1:1: the bucket would be named a-very-long-company-prefix-${"shop".repeat(10)} (67 characters, at most 63); shorten the file's name`,
  ]);
});
