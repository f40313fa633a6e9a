import { readFileSync } from "node:fs";
import { failure, Refusal } from "../../refusal.ts";
import {
  needed,
  pullRequestNumber,
  type Forge,
  type ForgeOptions,
  type Text,
  type Variables,
} from "./forge.ts";
import { openApi } from "./http.ts";

interface Written {
  readonly id: number;
  readonly number?: number;
  readonly body: string | null;
  readonly user: { readonly login: string } | null;
  readonly pull_request?: unknown;
}

/** GitHub and GitHub Enterprise, by the variables of GitHub Actions and `GITHUB_TOKEN`. */
export function github(env: Variables, options: ForgeOptions = {}): Forge {
  const repository = needed(env, "GITHUB_REPOSITORY", "the repository as owner/name");
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new Refusal("GITHUB_REPOSITORY is not owner/name");
  const token = needed(
    env,
    "GITHUB_TOKEN",
    "in a workflow it is github.token, handed on by `env:`",
  );
  const base = needed(env, "GITHUB_API_URL", "the address of the API");
  const api = openApi({
    forge: "GitHub",
    base,
    token,
    headers: {
      authorization: `Bearer ${token}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "mlflow-instances",
    },
    hint: (status) =>
      status === 401
        ? "GITHUB_TOKEN is not valid (any more)"
        : status === 403 || status === 404
          ? "The job's permissions need pull-requests: write for comments and issues: write for issues"
          : undefined,
    ...options,
  });
  const repos = `/repos/${repository}`;
  const run = env["GITHUB_RUN_ID"];
  const server = env["GITHUB_SERVER_URL"];

  return {
    name: "GitHub",
    limit: 65_536,
    jobUrl: run && server ? `${server}/${repository}/actions/runs/${run}` : undefined,
    pullRequest: pullRequestOf(env["GITHUB_EVENT_PATH"]),
    async self() {
      // A workflow's token may not ask `GET /user`, but it may ask this.
      const path =
        env["GITHUB_GRAPHQL_URL"] ??
        new URL("graphql", base.endsWith("/") ? base : `${base}/`).href;
      const { data } = await api.send({
        method: "POST",
        path,
        body: { query: "{ viewer { login } }" },
        repeatable: true,
      });
      const login = (data as { data?: { viewer?: { login?: unknown } } }).data?.viewer?.login;
      if (typeof login !== "string")
        throw failure("GitHub: does not say whom GITHUB_TOKEN speaks for");
      return login;
    },
    async *comments(pullRequest) {
      for await (const comment of api.list(
        `${repos}/issues/${pullRequest}/comments?per_page=100`,
      )) {
        const { id, ...rest } = comment as unknown as Written;
        yield text(String(id), rest);
      }
    },
    addComment: async (pullRequest, body) =>
      void (await api.send({
        method: "POST",
        path: `${repos}/issues/${pullRequest}/comments`,
        body: { body },
      })),
    updateComment: async (_pullRequest, id, body) =>
      void (await api.send({
        method: "PATCH",
        path: `${repos}/issues/comments/${id}`,
        body: { body },
      })),
    async *openIssues() {
      for await (const issue of api.list(`${repos}/issues?state=open&per_page=100`)) {
        const { number, pull_request: isPullRequest, ...rest } = issue as unknown as Written;
        if (isPullRequest === undefined) yield text(String(number), rest);
      }
    },
    addIssue: async (title, body) =>
      void (await api.send({ method: "POST", path: `${repos}/issues`, body: { title, body } })),
    updateIssue: async (id, { body, close = false }) =>
      void (await api.send({
        method: "PATCH",
        path: `${repos}/issues/${id}`,
        body: { body, ...(close ? { state: "closed", state_reason: "completed" } : {}) },
      })),
  };
}

const text = (id: string, { user, body }: Omit<Written, "id">): Text => ({
  id,
  author: user?.login ?? "",
  body: body ?? "",
});

/** From the file that describes what started the workflow. */
function pullRequestOf(eventPath: string | undefined): number | undefined {
  if (!eventPath) return undefined;
  try {
    const event = JSON.parse(readFileSync(eventPath, "utf8")) as {
      pull_request?: { number?: unknown };
    };
    return pullRequestNumber(event.pull_request?.number);
  } catch (error) {
    throw new Refusal(`GITHUB_EVENT_PATH: ${(error as Error).message}`);
  }
}
