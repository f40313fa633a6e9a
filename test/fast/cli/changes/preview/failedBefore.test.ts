import { expect, it } from "vitest";
import { readFailures } from "../../../../../cli/changes/preview/failures.ts";

const diagnostic = (message: string, urn: string) => ({
  severity: "error" as const,
  color: "never" as const,
  message,
  urn,
});

// An `up` goes on past an instance that fails; for each resource that waits for the failed one the
// program says so, too.
it("the reason of a failed resource is told once, and not what could not be made for want of it", () => {
  const reason = "PostgreSQL server db:5432: database already exists";
  const stackUrn = "urn:pulumi:prod::mlflow-instances::pulumi:pulumi:Stack::mlflow-instances-prod";
  const run = {
    diagnostics: [
      diagnostic(
        reason,
        "urn:pulumi:prod::mlflow-instances::postgresql:index/database:Database::card-checks-database",
      ),
      diagnostic(
        'Error: error serializing property "stringData": resource card-checks-database [postgresql:index/database:Database] failed to register\n    at resource.ts:919:40',
        stackUrn,
      ),
      diagnostic(
        "Running program 'program/index.ts' failed with an unhandled exception:\n<ref *1> Error: error serializing property \"spec\": resource card-checks-migration [kubernetes:batch/v1:Job] failed to register",
        stackUrn,
      ),
    ],
    succeeded: false,
    output: "",
  };
  const { errors } = readFailures(run, false);
  expect(errors).toHaveLength(1);
  expect(errors[0]).toContain(reason);
});
