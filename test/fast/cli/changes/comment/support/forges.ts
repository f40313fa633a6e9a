import type { Forge, Variables } from "../../../../../../cli/changes/comment/forge.ts";
import { openForge } from "../../../../../../cli/changes/comment/openForge.ts";
import { page, serve, type Received, type Reply, type Server } from "./server.ts";

/** A text as the server keeps it, in words that both forges share. */
export interface Kept {
  readonly number: number;
  author: string;
  title?: string;
  body: string;
  open: boolean;
  /** How often it was written. */
  writes: number;
}

export interface FakeForge extends Server {
  readonly env: Record<string, string>;
  readonly comments: Kept[];
  readonly issues: Kept[];
  readonly waits: number[];
  readonly limit: number;
  open(change?: Variables): Forge;
  add(list: Kept[], text: Partial<Kept>): Kept;
}

const token = "forge-token-0123456789";
export const self = "delivery[bot]";

async function fake(
  env: (base: string) => Record<string, string>,
  limit: number,
  answer: (forge: FakeForge, request: Received) => Reply,
): Promise<FakeForge> {
  const holder: { forge?: FakeForge } = {};
  const server = await serve((request) => answer(holder.forge!, request));
  const waits: number[] = [];
  let numbers = 100;
  const forge: FakeForge = {
    ...server,
    env: env(server.base),
    comments: [],
    issues: [],
    waits,
    limit,
    open: (change = {}) =>
      openForge(
        { ...forge.env, ...change },
        { wait: async (milliseconds) => waits.push(milliseconds) },
      ),
    add(list, text) {
      const kept = { author: self, body: "", open: true, ...text, number: ++numbers, writes: 1 };
      list.push(kept);
      return kept;
    },
  };
  holder.forge = forge;
  return forge;
}

const notFound: Reply = { status: 404, body: { message: "Not Found" } };
const write = (kept: Kept | undefined, body: string | undefined, limit: number): boolean => {
  if (kept === undefined || body === undefined || body.length > limit) return false;
  kept.body = body;
  kept.writes += 1;
  return true;
};

/**
 * Behaves as GitHub's API does where the commands use it: paths, states, paging, whom a token
 * speaks for, and what it refuses.
 */
export const fakeGithub = (): Promise<FakeForge> =>
  fake(
    (base) => ({
      GITHUB_API_URL: `${base}/api/v3`,
      GITHUB_GRAPHQL_URL: `${base}/api/graphql`,
      GITHUB_SERVER_URL: "https://forge.example",
      GITHUB_REPOSITORY: "team/instances",
      GITHUB_RUN_ID: "77",
      GITHUB_TOKEN: token,
    }),
    65_536,
    (forge, request) => {
      const { method, path, body, headers } = request;
      const shown = ({ number, author, title, body: text, open }: Kept) => ({
        id: number,
        number,
        title,
        body: text,
        user: { login: author },
        state: open ? "open" : "closed",
      });
      if (headers.authorization !== `Bearer ${token}`)
        return { status: 401, body: { message: "Bad credentials" } };
      if (path === "/api/graphql")
        return { status: 200, body: { data: { viewer: { login: self } } } };
      const rest = /^\/api\/v3\/repos\/team\/instances\/(.*)$/.exec(path)?.[1];
      const one = (list: Kept[], number: string | undefined) =>
        list.find((kept) => String(kept.number) === number);
      if (rest === undefined) return notFound;
      if (rest === "issues/12/comments") {
        if (method === "GET") return page(forge.comments.map(shown), request, forge.base, 100);
        if (body.body.length > forge.limit)
          return { status: 422, body: { message: "Body is too long" } };
        return { status: 201, body: shown(forge.add(forge.comments, { body: body.body })) };
      }
      const comment = /^issues\/comments\/(\d+)$/.exec(rest)?.[1];
      if (comment !== undefined && method === "PATCH")
        return write(one(forge.comments, comment), body.body, forge.limit)
          ? { status: 200, body: {} }
          : notFound;
      if (rest === "issues" && method === "GET") {
        // GitHub lists pull requests among the issues.
        const pulls = [
          {
            id: 1,
            number: 12,
            body: "<!-- mlflow-instances drift prod -->",
            user: { login: self },
            state: "open",
            pull_request: {},
          },
        ];
        const state = request.query.get("state") ?? "open";
        return page(
          [
            ...pulls,
            ...forge.issues
              .filter(({ open }) => state === "all" || open === (state === "open"))
              .map(shown),
          ],
          request,
          forge.base,
          100,
        );
      }
      if (rest === "issues" && method === "POST")
        return {
          status: 201,
          body: shown(forge.add(forge.issues, { title: body.title, body: body.body })),
        };
      const issue = one(forge.issues, /^issues\/(\d+)$/.exec(rest)?.[1]);
      if (issue === undefined || method !== "PATCH" || !write(issue, body.body, forge.limit))
        return notFound;
      if (body.state === "closed") issue.open = false;
      return { status: 200, body: shown(issue) };
    },
  );

/** The same of GitLab's. */
export const fakeGitlab = (): Promise<FakeForge> =>
  fake(
    (base) => ({
      CI_API_V4_URL: `${base}/api/v4`,
      CI_PROJECT_ID: "41",
      CI_MERGE_REQUEST_IID: "12",
      CI_JOB_URL: "https://forge.example/team/instances/-/jobs/77",
      GITLAB_TOKEN: token,
    }),
    1_000_000,
    (forge, request) => {
      const { method, path, body, headers } = request;
      const note = ({ number, author, body: text }: Kept) => ({
        id: number,
        body: text,
        author: { username: author },
        system: false,
      });
      const issueOf = ({ number, author, title, body: text, open }: Kept) => ({
        id: 9000 + number,
        iid: number,
        title,
        description: text,
        author: { username: author },
        state: open ? "opened" : "closed",
      });
      if (headers["private-token"] !== token)
        return { status: 401, body: { message: "401 Unauthorized" } };
      if (path === "/api/v4/user") return { status: 200, body: { username: self } };
      const rest = /^\/api\/v4\/projects\/41\/(.*)$/.exec(path)?.[1];
      if (rest === undefined) return { status: 404, body: { message: "404 Project Not Found" } };
      const one = (list: Kept[], number: string | undefined) =>
        list.find((kept) => String(kept.number) === number);
      if (rest === "merge_requests/12/notes") {
        const system = {
          id: 1,
          body: "<!-- mlflow-instances preview prod -->",
          author: { username: self },
          system: true,
        };
        if (method === "GET")
          return page([system, ...forge.comments.map(note)], request, forge.base, 100);
        return { status: 201, body: note(forge.add(forge.comments, { body: body.body })) };
      }
      const comment = one(forge.comments, /^merge_requests\/12\/notes\/(\d+)$/.exec(rest)?.[1]);
      if (comment !== undefined && method === "PUT")
        return write(comment, body.body, forge.limit) ? { status: 200, body: {} } : notFound;
      if (rest === "issues" && method === "GET") {
        const state = request.query.get("state");
        return page(
          forge.issues
            .filter(({ open }) => state === null || open === (state === "opened"))
            .map(issueOf),
          request,
          forge.base,
          100,
        );
      }
      if (rest === "issues" && method === "POST")
        return {
          status: 201,
          body: issueOf(forge.add(forge.issues, { title: body.title, body: body.description })),
        };
      const issue = one(forge.issues, /^issues\/(\d+)$/.exec(rest)?.[1]);
      if (issue === undefined || method !== "PUT" || !write(issue, body.description, forge.limit))
        return notFound;
      if (body.state_event === "close") issue.open = false;
      return { status: 200, body: issueOf(issue) };
    },
  );
