import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { installPulumi } from "../../../../cli/environments/installPulumi.ts";
import { writeJobFiles } from "../../../../cli/environments/jobFiles.ts";
import { refuseOutdated } from "../../../../cli/touchedStacks.ts";
import { fixtureValues } from "../../program/support.ts";
import { repository } from "../changes/support/repository.ts";
import { typed } from "../support/typed.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "setup-ci-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("the Pulumi CLI of a job", () => {
  // The SDK's installer downloads; in its place one that only writes the programs.
  const installer = (version: string) => async (folder: string) => {
    mkdirSync(join(folder, "bin"), { recursive: true });
    for (const program of ["pulumi", "pulumi-language-nodejs"]) {
      writeFileSync(join(folder, "bin", program), `#!/bin/sh\necho ${program} ${version}\n`, {
        mode: 0o755,
      });
    }
  };

  it("is what a job's next command calls by its name, language host included, without a change of PATH", async () => {
    writeFileSync(
      join(root, "package.json"),
      JSON.stringify({ scripts: { cli: "pulumi && pulumi-language-nodejs" } }),
    );
    await installPulumi(root, installer("one"));
    // Beside npm and the shell nothing is on PATH.
    const PATH = [join(process.execPath, ".."), "/usr/local/bin", "/usr/bin", "/bin"].join(":");
    expect(
      execFileSync("npm", ["run", "--silent", "cli"], {
        cwd: root,
        env: { ...process.env, PATH },
        encoding: "utf8",
      }),
    ).toBe("pulumi one\npulumi-language-nodejs one\n");
  });

  it("is replaced by that of the next installation", async () => {
    await installPulumi(root, installer("one"));
    await installPulumi(root, installer("two"));
    expect(execFileSync(join(root, "node_modules/.bin/pulumi"), { encoding: "utf8" })).toBe(
      "pulumi two\n",
    );
    expect(readlinkSync(join(root, "node_modules/.bin/pulumi"))).toBe("../.pulumi-cli/bin/pulumi");
  });
});

describe("the files of a job", () => {
  const kubeconfig = (): string => join(root, "made", "kubeconfig");
  const template = readFileSync(
    join(import.meta.dirname, "../../../../stacks/Pulumi.example.yaml"),
    "utf8",
  );
  beforeEach(() => {
    mkdirSync(join(root, "stacks"));
    const secrets = ["postgresqlAdminPassword", "objectStoreSecretAccessKey", "artifactStoreKeys"];
    writeFileSync(
      join(root, "stacks/Pulumi.dev.yaml"),
      template.replace("/home/deploy/.kube/config", kubeconfig()) +
        secrets.map((key) => `  mlflow-instances:${key}: { secure: AAAA }\n`).join(""),
    );
  });

  it("are written for the job's user alone, and only those that were handed over", async () => {
    expect(await writeJobFiles(root, "dev", {})).toEqual([]);
    const token = join(root, "token");
    const env = {
      KUBECONFIG_CONTENTS: "a: kubeconfig",
      CLOUD_ID_TOKEN: "a.token",
      AWS_WEB_IDENTITY_TOKEN_FILE: token,
    };
    expect(await writeJobFiles(root, "dev", env)).toEqual([kubeconfig(), token]);
    for (const [path, contents] of [
      [kubeconfig(), "a: kubeconfig"],
      [token, "a.token"],
    ] as const) {
      expect(readFileSync(path, "utf8")).toBe(contents);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
  });

  it("are no kubeconfig where the cluster has a name, by which AWS is asked for it", async () => {
    const values: any = fixtureValues("aws");
    values.platform.kubernetes = { clusterName: "mlflow-dev" };
    writeFileSync(
      join(root, "stacks/Pulumi.dev.yaml"),
      stringify({ config: { "mlflow-instances:environment": values } }),
    );
    expect(
      await writeJobFiles(root, "dev", { KUBECONFIG_CONTENTS: "of another environment" }),
    ).toEqual([]);
  });

  it("never go over another kubeconfig, but a token is each job's own", async () => {
    const token = join(root, "token");
    await writeJobFiles(root, "dev", { KUBECONFIG_CONTENTS: "mine" });
    await expect(
      writeJobFiles(root, "dev", { KUBECONFIG_CONTENTS: "other-secret" }),
    ).rejects.toThrow("is there already, with other contents");
    await expect(
      writeJobFiles(root, "dev", { KUBECONFIG_CONTENTS: "other-secret" }),
    ).rejects.not.toThrow("other-secret");
    expect(readFileSync(kubeconfig(), "utf8")).toBe("mine");
    for (const contents of ["one", "two"]) {
      expect(
        await writeJobFiles(root, "dev", {
          KUBECONFIG_CONTENTS: "mine",
          CLOUD_ID_TOKEN: contents,
          AWS_WEB_IDENTITY_TOKEN_FILE: token,
        }),
      ).toHaveLength(2);
      expect(readFileSync(token, "utf8")).toBe(contents);
    }
  });
});

describe("--newest-of", () => {
  const stackFile = "config:\n  mlflow-instances:environment: {}\n";

  it("refuses to deploy what a newer change of the same environment has overtaken", async () => {
    const repo = repository({
      "stacks/Pulumi.dev.yaml": stackFile,
      "stacks/Pulumi.prod.yaml": stackFile,
      "stacks/instances/dev/a.yaml": "team: a",
      "stacks/instances/prod/a.yaml": "team: a",
    });
    try {
      repo.commit({ "stacks/instances/dev/a.yaml": "team: b" });
      const newer = repo.commit({ "stacks/instances/prod/a.yaml": "team: b" });
      repo.git("update-ref", "refs/remotes/origin/main", newer);
      repo.git("checkout", "--quiet", repo.first);
      expect(await typed(repo.root, ["setup-ci", "prod", "--newest-of", "main"])).toMatchObject({
        code: 1,
        notes:
          "main has newer changes of prod than this job would deploy; let the job of the newest one do it.\n",
      });
      expect(await typed(repo.root, ["setup-ci", "prod", "--newest-of", "trunk"])).toMatchObject({
        code: 2,
        notes: expect.stringContaining("refs/remotes/origin/trunk: no such commit here"),
      });
      // Of another environment only: nothing would be undone.
      repo.git("update-ref", "refs/remotes/origin/main", "main~1");
      await expect(refuseOutdated(repo.root, "prod", "main")).resolves.toBeUndefined();
      await expect(refuseOutdated(repo.root, "dev", "main")).rejects.toThrow(
        "main has newer changes of dev",
      );
    } finally {
      repo.remove();
    }
  });
});
