import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Snippet {
  /** Heading of its section. */
  readonly framework: string;
  readonly code: string;
  /** False where the section says that the tests do not run it. */
  readonly run: boolean;
}

/** Where a snippet leaves runs, traces and a model; the model is scored with data of sklearn. */
export interface Place {
  readonly experiment: string;
  readonly model?: string;
  readonly data?: "wine" | "diabetes";
}

/** Of each snippet that the engine's tests run. */
export const places: Readonly<Record<string, Place>> = {
  "scikit-learn": { experiment: "wine, scikit-learn", model: "wine", data: "wine" },
  XGBoost: { experiment: "diabetes, XGBoost", model: "diabetes-xgboost", data: "diabetes" },
  LightGBM: { experiment: "diabetes, LightGBM", model: "diabetes-lightgbm", data: "diabetes" },
  Keras: { experiment: "diabetes, Keras", model: "diabetes-keras", data: "diabetes" },
  "pandas and NumPy": { experiment: "forecast evaluation" },
  Traces: { experiment: "assistant traces" },
  OpenTelemetry: { experiment: "checkout spans" },
};
/** They run it as well. It leaves nothing, and needs the model of scikit-learn. */
export const loading = "Loading a model";

/** The snippets in the section "Frameworks" of docs/for-ml-teams.md, in the order of the page. */
export function frameworkSnippets(): readonly Snippet[] {
  const page = readFileSync(join(import.meta.dirname, "../../docs/for-ml-teams.md"), "utf8");
  const [, section = ""] = /^## Frameworks\n([\s\S]*?)^## /m.exec(page) ?? [];
  return section
    .split(/^### /m)
    .slice(1)
    .map((text) => {
      const framework = text.slice(0, text.indexOf("\n"));
      const blocks = [...text.matchAll(/^```python\n([\s\S]*?)^```$/gm)];
      if (blocks.length !== 1)
        throw new Error(`${framework}: has ${blocks.length} snippets, not one`);
      return {
        framework,
        code: blocks[0]![1]!,
        run: !text.includes("**Not run by the tests**"),
      };
    });
}
