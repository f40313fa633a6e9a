import { expect, test } from "vitest";
import { namespaceDeclaresRetention } from "../../policies/retention/namespaceDeclaresRetention.ts";
import { foreignNamespace, namespace, violationsOf } from "./support.ts";

const annotation = "mlflow-instances/deleted-experiment-retention";
const retention = (value: string | undefined) => violationsOf(namespaceDeclaresRetention, namespace({}, { [annotation]: value }));

test.each(["1d", "30d", "90d"])("%s passes", async (value) => {
  expect(await retention(value)).toEqual([]);
});

test.each(["0d", "91d", "30", "-1d", "", "1w"])("%s is refused", async (value) => {
  expect(await retention(value)).toEqual([`The annotation ${annotation} is "${value}"; set it to a number of days from 1d to 90d.`]);
});

test("none is refused", async () => {
  expect(await retention(undefined)).toEqual([`Set the annotation ${annotation} to a number of days from 1d to 90d.`]);
});

test("a namespace that is no instance's is not judged", async () => {
  expect(await violationsOf(namespaceDeclaresRetention, foreignNamespace)).toEqual([]);
});
