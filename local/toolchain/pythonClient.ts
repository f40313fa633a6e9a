import { join } from "node:path";
import type { Report } from "../report.ts";
import { versions } from "./pins.ts";
import { ensurePythonEnvironment } from "./pythonEnvironment.ts";

/** Returns a Python in which the unmodified MLflow client can be imported. */
export const ensurePythonClient = (report: Report): Promise<string> =>
  ensurePythonEnvironment(
    {
      what: `the MLflow client ${versions.mlflow}`,
      folderName: `client-${versions.mlflow}`,
      requirementsPath: join(import.meta.dirname, "python", "requirements.txt"),
      diskNeeded: 600 * 1024 ** 2,
      check: { program: "import mlflow; print(mlflow.__version__)", printed: versions.mlflow },
    },
    report,
  );
