import {
  needed,
  pullRequestNumber,
  type Forge,
  type ForgeOptions,
  type Variables,
} from "./forge.ts";
import { openApi } from "./http.ts";

interface Written {
  readonly author: { readonly username: string } | null;
}
interface Note extends Written {
  readonly id: number;
  readonly body: string | null;
  readonly system: boolean;
}
interface Issue extends Written {
  readonly iid: number;
  readonly description: string | null;
}

/**
 * GitLab, by the variables of GitLab CI and `GITLAB_TOKEN`: a job's own token may not write
 * comments.
 */
export function gitlab(env: Variables, options: ForgeOptions = {}): Forge {
  const token = needed(
    env,
    "GITLAB_TOKEN",
    "a project access token with the scope api, as a masked variable (CI_JOB_TOKEN may not write comments)",
  );
  const api = openApi({
    forge: "GitLab",
    base: needed(env, "CI_API_V4_URL", "the address of the API"),
    token,
    headers: { "private-token": token, "user-agent": "mlflow-instances" },
    hint: (status) =>
      status === 401
        ? "GITLAB_TOKEN is not valid (any more)"
        : status === 403 || status === 404
          ? "GITLAB_TOKEN needs the scope api and the role Reporter in this project"
          : undefined,
    ...options,
  });
  const project = `/projects/${encodeURIComponent(needed(env, "CI_PROJECT_ID", "the project's number"))}`;
  const notes = (mergeRequest: number): string => `${project}/merge_requests/${mergeRequest}/notes`;

  return {
    name: "GitLab",
    limit: 1_000_000,
    jobUrl: env["CI_JOB_URL"],
    pullRequest: pullRequestNumber(env["CI_MERGE_REQUEST_IID"]),
    async self() {
      const { data } = await api.send({ method: "GET", path: "/user" });
      return String((data as { username?: unknown }).username);
    },
    async *comments(mergeRequest) {
      for await (const note of api.list(
        `${notes(mergeRequest)}?sort=asc&order_by=created_at&per_page=100`,
      )) {
        const { id, author, body, system } = note as unknown as Note;
        if (!system) yield { id: String(id), author: author?.username ?? "", body: body ?? "" };
      }
    },
    addComment: async (mergeRequest, body) =>
      void (await api.send({ method: "POST", path: notes(mergeRequest), body: { body } })),
    updateComment: async (mergeRequest, id, body) =>
      void (await api.send({
        method: "PUT",
        path: `${notes(mergeRequest)}/${id}`,
        body: { body },
      })),
    async *openIssues() {
      for await (const issue of api.list(`${project}/issues?state=opened&scope=all&per_page=100`)) {
        const { iid, author, description } = issue as unknown as Issue;
        yield { id: String(iid), author: author?.username ?? "", body: description ?? "" };
      }
    },
    addIssue: async (title, body) =>
      void (await api.send({
        method: "POST",
        path: `${project}/issues`,
        body: { title, description: body },
      })),
    updateIssue: async (id, { body, close = false }) =>
      void (await api.send({
        method: "PUT",
        path: `${project}/issues/${id}`,
        body: { description: body, ...(close ? { state_event: "close" } : {}) },
      })),
  };
}
