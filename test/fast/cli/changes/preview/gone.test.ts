import type { ResolvedInstance } from "@mlflow-instances/components/internal";
import { expect, it } from "vitest";
import { readFailures } from "../../../../../cli/changes/preview/failures.ts";
import { withoutTheGone } from "../../../../../cli/changes/preview/gone.ts";
import { reportOf } from "../../../../../cli/changes/preview/report.ts";
import { ExitCode } from "../../../../../cli/exitCode.ts";
import { gone } from "../../../../../program/preflight/claims.ts";
import { runOf } from "./support.ts";

const diagnostic = (severity: "error" | "warning", message: string) => ({
  severity,
  color: "never" as const,
  message,
  urn: "",
});
const stackUrn = "urn:pulumi:prod::mlflow-instances::pulumi:pulumi:Stack::mlflow-instances-prod";

it("a plan over something that is gone is an error of the preview, and stays a warning of a refresh", () => {
  const words = gone("The namespace mlflow-shop", { instanceName: "shop" } as ResolvedInstance);
  const run = runOf({
    diagnostics: [
      { ...diagnostic("warning", words), urn: stackUrn },
      diagnostic("warning", "a token expired"),
    ],
  });
  const report = (of: typeof run) => reportOf({ stack: "prod", run: of, exclusions: [] });
  expect(report(run)).toMatchObject({ exitCode: ExitCode.Done, errors: [] });
  expect(report(withoutTheGone(run))).toMatchObject({
    exitCode: ExitCode.Failed,
    errors: [words],
    warnings: ["a token expired"],
  });
});

it("what a pack says of an engine that was told to end is no error", () => {
  const diagnostics = [
    diagnostic("error", "failed to run remediation: context canceled"),
    diagnostic("error", "failed to run policy: rpc error: code = Canceled desc = context canceled"),
    diagnostic("error", "failed to run remediation: the pack has a defect"),
  ];
  const { errors } = readFailures({ diagnostics, succeeded: false, output: "" }, false);
  expect(errors).toEqual(["failed to run remediation: the pack has a defect"]);
});
