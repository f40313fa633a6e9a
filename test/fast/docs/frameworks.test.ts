import { expect, it } from "vitest";
import { frameworkSnippets, loading, places } from "../../support/frameworkSnippets.ts";

// test/engine/commands/frameworks.ts runs the snippets; here is that it runs all of them.

const snippets = frameworkSnippets();

it("each snippet for ML teams is run by a test, or its section says that it is not", () => {
  const run = snippets.filter((snippet) => snippet.run).map(({ framework }) => framework);
  expect(run).toEqual([...Object.keys(places), loading]);
  const rest = snippets.filter((snippet) => !snippet.run).map(({ framework }) => framework);
  expect(rest).toEqual(["PyTorch", "Transformers"]);
});

it.each(Object.entries(places))("%s leaves what its test looks for", (name, place) => {
  const { code } = snippets.find(({ framework }) => framework === name)!;
  expect(code).toContain(`mlflow.set_experiment("${place.experiment}")`);
  if (place.model === undefined) expect(code).not.toContain("registered_model_name");
  else expect(code).toContain(`set_registered_model_alias("${place.model}", "champion", `);
});
