import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openForge } from "../../../../../cli/changes/comment/openForge.ts";
import { marker } from "../../../../../cli/changes/comment/publish.ts";

const github = {
  GITHUB_API_URL: "https://api.forge.example",
  GITHUB_REPOSITORY: "team/instances",
  GITHUB_TOKEN: "secret-0123456789",
};
const gitlab = {
  CI_API_V4_URL: "https://forge.example/api/v4",
  CI_PROJECT_ID: "41",
  GITLAB_TOKEN: "secret-0123456789",
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "forge-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the forge of a job", () => {
  it("is told by its variables", () => {
    expect(openForge(github).name).toBe("GitHub");
    expect(openForge(gitlab).name).toBe("GitLab");
  });

  it.each([
    ["nothing is set", {}, "Neither GITHUB_API_URL nor CI_API_V4_URL is set"],
    [
      "there is no token",
      { ...github, GITHUB_TOKEN: "" },
      "GITHUB_TOKEN is not set: in a workflow",
    ],
    [
      "there is no token of GitLab",
      { ...gitlab, GITLAB_TOKEN: undefined },
      "GITLAB_TOKEN is not set: a project access token",
    ],
    [
      "the repository has no owner",
      { ...github, GITHUB_REPOSITORY: "instances" },
      "GITHUB_REPOSITORY is not owner/name",
    ],
    [
      "the repository leads elsewhere",
      { ...github, GITHUB_REPOSITORY: "team/x/../.." },
      "GITHUB_REPOSITORY is not owner/name",
    ],
    [
      "the way is not encrypted",
      { ...github, GITHUB_API_URL: "http://api.forge.example" },
      "GitHub: http://api.forge.example is not https",
    ],
  ])("is refused when %s", (_what, env, message) => {
    expect(() => openForge(env)).toThrow(message);
    expect(() => openForge(env)).not.toThrow("secret-0123456789");
  });

  it("knows its pull request from the event's file", async () => {
    const event = join(folder, "event.json");
    await writeFile(event, JSON.stringify({ pull_request: { number: 12 } }));
    expect(openForge({ ...github, GITHUB_EVENT_PATH: event }).pullRequest).toBe(12);
    await writeFile(event, JSON.stringify({ ref: "refs/heads/main" }));
    expect(openForge({ ...github, GITHUB_EVENT_PATH: event }).pullRequest).toBeUndefined();
    await writeFile(event, JSON.stringify({ pull_request: { number: "12/../../13" } }));
    expect(openForge({ ...github, GITHUB_EVENT_PATH: event }).pullRequest).toBeUndefined();
  });

  it("knows its merge request", () => {
    expect(openForge({ ...gitlab, CI_MERGE_REQUEST_IID: "12" }).pullRequest).toBe(12);
    expect(openForge(gitlab).pullRequest).toBeUndefined();
  });
});

it("a marker can't be closed by the name in it", () => {
  expect(marker("drift", "pr-12")).toBe("<!-- mlflow-instances drift pr-12 -->");
  expect(() => marker("drift", "prod --> <script>")).toThrow("not a name that a stack can have");
});
