import { beforeAll, expect, it } from "vitest";
import { createReport } from "../../../../local/report.ts";
import { frameworkSnippets, loading, places } from "../../../support/frameworkSnippets.ts";
import { ensureFrameworks } from "../../support/frameworks.ts";
import { runPython, runScript, type Client } from "../../support/python.ts";

/** What scripts/frameworksLeft.py found of a snippet. */
interface Left {
  readonly run?: {
    readonly status: string;
    readonly params: Record<string, string>;
    readonly metrics: Record<string, number>;
    /** How many values each metric has. */
    readonly points: Record<string, number>;
    readonly files: string[];
    readonly dataSets: string[];
  };
  /** The version with the alias "champion". */
  readonly model?: {
    readonly ofThisRun: boolean;
    /** Of its signature. */
    readonly columns: number;
    readonly predictions: number;
    /** Between what it predicts and what is known. */
    readonly correlation: number;
  };
  readonly trace?: { state: string; channel: string | null; spans: Record<string, object> };
}

export interface Clients {
  readonly training: Omit<Client, "python">;
  readonly serving: Omit<Client, "python">;
}

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs the snippets of docs/for-ml-teams.md and looks at the server for what they left. */
export function snippetTests(open: () => Promise<Clients>): void {
  const snippets = frameworkSnippets();
  const ended = new Map<string, Ended>();
  let left: Record<string, Left>;
  let python: string;

  beforeAll(async () => {
    const { training, serving } = await open();
    python = await ensureFrameworks(createReport());
    const run = async (framework: string, client: Clients["training"]) => {
      const { code } = snippets.find((snippet) => snippet.framework === framework)!;
      ended.set(framework, await runPython(python, code, client));
    };
    // Two at a time: each is a Python that is busy with imports most of its time.
    const waiting = Object.keys(places);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await run(next, training);
    };
    await Promise.all([work(), work()]);
    await run(loading, serving);
    // A failed snippet has its own test; the look at the others must not fail with it.
    const succeeded = Object.entries(places).filter(([name]) => ended.get(name)?.code === 0);
    const asked = JSON.stringify(Object.fromEntries(succeeded));
    left = await runScript({ ...serving, python }, "frameworksLeft.py", asked);
  });

  /** What a snippet left. Fails where it ended with an error or MLflow printed a warning. */
  function leftBy(framework: string): Left {
    const { code, output } = ended.get(framework)!;
    expect(code, output).toBe(0);
    expect(output).not.toMatch(/ (?:WARNING|ERROR) mlflow|Failed to export/);
    return left[framework]!;
  }

  it.each(snippets.filter((snippet) => !snippet.run))(
    "$framework, not run, is Python at least",
    async ({ framework, code }) => {
      const program = `compile(${JSON.stringify(code)}, ${JSON.stringify(framework)}, "exec")`;
      const { training } = await open();
      expect(await runPython(python, program, training)).toEqual({ code: 0, output: "" });
    },
  );

  it("scikit-learn: parameters and metrics by itself, a model with its signature and alias", () => {
    const { run, model } = leftBy("scikit-learn");
    expect(run).toMatchObject({ status: "FINISHED", params: { n_estimators: "50" } });
    expect(run?.metrics["training_accuracy_score"]).toBe(1);
    expect(run?.metrics["test_accuracy"]).toBeGreaterThan(0.9);
    expect(run?.files).toContain("training_confusion_matrix.png");
    expect(model).toMatchObject({ ofThisRun: true, columns: 13, predictions: 178 });
    expect(model?.correlation).toBeGreaterThan(0.95);
  });

  it.each([
    ["XGBoost", "test-rmse", "feature_importance_weight.png", { eta: "0.1" }],
    ["LightGBM", "test-l2", "feature_importance_split.png", { num_leaves: "15" }],
  ])("%s: a metric of each round, a model with its alias", (framework, metric, plot, params) => {
    const { run, model } = leftBy(framework);
    expect(run).toMatchObject({ status: "FINISHED", params, points: { [metric]: 30 } });
    expect(run?.files).toContain(plot);
    expect(model).toMatchObject({ ofThisRun: true, columns: 10, predictions: 442 });
    expect(model?.correlation).toBeGreaterThan(0.6);
  });

  it("Keras: the loss of each epoch, a model with its alias", () => {
    const { run, model } = leftBy("Keras");
    expect(run).toMatchObject({ status: "FINISHED", points: { loss: 30, val_loss: 30 } });
    expect(model).toMatchObject({ ofThisRun: true, columns: 1, predictions: 442 });
    expect(model?.correlation).toBeGreaterThan(0.6);
  });

  it("pandas and NumPy: metrics, the data set and a table", () => {
    const { run } = leftBy("pandas and NumPy");
    expect(run).toMatchObject({
      status: "FINISHED",
      metrics: { mae: expect.closeTo(11.4, 0), rmse: expect.closeTo(14.2, 0) },
      files: ["worst-days.json"],
      dataSets: ["demand"],
    });
  });

  it("traces: both functions, the tag, what went in and what came out", () => {
    const inputs = { question: "What does a parcel cost?" };
    const price = "A parcel of up to 2 kg costs 4.50.";
    expect(leftBy("Traces").trace).toMatchObject({
      state: "OK",
      channel: "web",
      spans: {
        answer: { parent: null, inputs, outputs: price },
        search: { parent: "answer", type: "RETRIEVER", inputs, outputs: [price] },
      },
    });
  });

  it("OpenTelemetry: both spans, with an attribute", () => {
    expect(leftBy("OpenTelemetry").trace).toMatchObject({
      state: "OK",
      spans: { checkout: { parent: null }, charge: { parent: "checkout", amount: 4.5 } },
    });
  });

  it("a model is loaded by its alias with a token that may only read", () => {
    const { code, output } = ended.get(loading)!;
    expect(code, output).toBe(0);
    expect(output).toContain("[0 0 0 0 0]");
  });
}
