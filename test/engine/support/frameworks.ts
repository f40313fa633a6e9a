import { join } from "node:path";
import type { Report } from "../../../local/report.ts";
import { versions } from "../../../local/toolchain/pins.ts";
import { ensurePythonEnvironment } from "../../../local/toolchain/pythonEnvironment.ts";

/** A Python with the client and the frameworks of docs/for-ml-teams.md. */
export const ensureFrameworks = (report: Report): Promise<string> =>
  ensurePythonEnvironment(
    {
      what: "the frameworks of the snippets for ML teams",
      folderName: `frameworks-${versions.mlflow}`,
      requirementsPath: join(import.meta.dirname, "../../fixtures/frameworks/requirements.txt"),
      diskNeeded: 2 * 1024 ** 3,
      check: {
        program:
          "import jax, lightgbm, matplotlib, mlflow, sklearn, xgboost; print(mlflow.__version__)",
        printed: versions.mlflow,
      },
    },
    report,
  );
