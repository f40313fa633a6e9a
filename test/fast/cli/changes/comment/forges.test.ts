import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openForge } from "../../../../../cli/changes/comment/openForge.ts";
import {
  closeIssue,
  marker,
  putComment,
  putIssue,
} from "../../../../../cli/changes/comment/publish.ts";
import { fakeGithub, fakeGitlab, self, type FakeForge } from "./support/forges.ts";
import { hangUp, type Received, type Reply } from "./support/server.ts";

// Both forges as servers on loopback that keep what they are sent. That the real ones behave so is
// taken from their documentation, not shown here.

const mark = marker("preview", "prod");
const page = "## prod\n\nNothing changes.";
const writes = ({ received }: FakeForge): Received[] =>
  received.filter(({ method, path }) => method !== "GET" && !path.endsWith("/graphql"));

describe.each([
  ["GitHub", fakeGithub, "GITHUB_TOKEN"],
  ["GitLab", fakeGitlab, "GITLAB_TOKEN"],
] as const)("%s", (name, start, tokenVariable) => {
  let forge: FakeForge;
  beforeEach(async () => {
    forge = await start();
  });
  afterEach(() => forge.close());

  const put = (text = page, options = {}) => putComment(forge.open(), 12, mark, text, options);

  it("makes one comment and changes it in place", async () => {
    expect(await put()).toBe("written");
    expect(await put("## prod\n\nA new instance.")).toBe("updated");
    expect(forge.comments.map(({ body }) => body)).toEqual([`${mark}\n## prod\n\nA new instance.`]);
  });

  it("does not write an unchanged page again, whatever the forge made of its line ends", async () => {
    await put();
    forge.comments[0]!.body = `${forge.comments[0]!.body.replaceAll("\n", "\r\n")}\r\n`;
    expect(await put()).toBe("unchanged");
    expect(forge.comments[0]!.writes).toBe(1);
    expect(writes(forge)).toHaveLength(1);
  });

  it("has a comment for each stack", async () => {
    await put();
    await putComment(forge.open(), 12, marker("preview", "prod-eu"), page);
    expect(forge.comments.map(({ body }) => body.split("\n")[0])).toEqual([
      mark,
      "<!-- mlflow-instances preview prod-eu -->",
    ]);
  });

  it("leaves a comment of somebody else alone, also with the marker in it", async () => {
    const other = forge.add(forge.comments, { author: "mallory", body: `${mark}\nall is well` });
    expect(await put()).toBe("written");
    expect(other).toMatchObject({ body: `${mark}\nall is well`, writes: 1 });
    expect(forge.comments).toHaveLength(2);
  });

  it("does not take one of its own that only quotes the marker", async () => {
    forge.add(forge.comments, { author: self, body: `> ${mark}\nsee above` });
    expect(await put()).toBe("written");
  });

  it("finds its comment behind many pages of others", async () => {
    for (let count = 0; count < 250; count += 1)
      forge.add(forge.comments, { author: "somebody", body: `note ${count}` });
    const own = forge.add(forge.comments, { body: `${mark}\nold` });
    for (let count = 0; count < 30; count += 1)
      forge.add(forge.comments, { author: "somebody", body: "later" });
    expect(await put()).toBe("updated");
    expect(own.body).toBe(`${mark}\n${page}`);
    expect(forge.comments).toHaveLength(281);
  });

  it("says that a stack is touched no more only where a comment is", async () => {
    expect(await put("gone", { keepAbsent: true })).toBe("absent");
    expect(writes(forge)).toEqual([]);
    await put();
    expect(await put("gone", { keepAbsent: true })).toBe("updated");
  });

  it("cuts a page that is too long for the forge, and says so with a link to the job", async () => {
    const long = `# prod\n\n${Array.from({ length: 40_000 }, (_, row) => `row ${row} of the page, as long as rows are`).join("\n")}`;
    expect(await put(long)).toBe("written");
    const body = forge.comments[0]!.body;
    expect(body.length).toBeLessThanOrEqual(forge.limit);
    expect(body.length).toBeGreaterThan(forge.limit * 0.9);
    expect(body).toMatch(/Cut here.*https:\/\/forge\.example\/team\/instances/);
  });

  it("opens one issue per stack, changes it, closes it, and opens a new one the next time", async () => {
    const drift = marker("drift", "prod");
    const issue = (text: string) => putIssue(forge.open(), drift, "Drift in prod", text);
    expect(await issue("one")).toBe("written");
    expect(await issue("one")).toBe("unchanged");
    expect(await issue("two")).toBe("updated");
    expect(await closeIssue(forge.open(), drift, "gone")).toBe("closed");
    expect(forge.issues).toMatchObject([
      { title: "Drift in prod", body: `${drift}\ngone`, open: false, writes: 3 },
    ]);
    expect(await closeIssue(forge.open(), drift, "gone")).toBe("absent");
    expect(await issue("again")).toBe("written");
    expect(forge.issues.map(({ open }) => open)).toEqual([false, true]);
  });

  it("refuses a wrong token without showing it", async () => {
    const failed = putComment(
      forge.open({ [tokenVariable]: "wrong-token-9876543210" }),
      12,
      mark,
      page,
    );
    await expect(failed).rejects.toThrow(
      new RegExp(`^${name}: .*401 .*${tokenVariable} is not valid`),
    );
    await expect(failed).rejects.not.toThrow("wrong-token");
    expect(forge.received).toHaveLength(1);
  });

  it("hides the token where an answer repeats it", async () => {
    const failed = () => putComment(forge.open(), 12, mark, page);
    forge.instead.push((request) => ({
      status: 400,
      body: { message: `what is ${JSON.stringify(request.headers)}?` },
    }));
    await expect(failed()).rejects.toThrow("***");
    forge.instead.push((request) => ({
      status: 400,
      body: { message: `what is ${JSON.stringify(request.headers)}?` },
    }));
    await expect(failed()).rejects.not.toThrow(forge.env[tokenVariable]!);
  });

  it("waits as long as a full forge asks, and goes on", async () => {
    forge.instead.push(() => ({ status: 429, headers: { "retry-after": "7" } }));
    expect(await put()).toBe("written");
    expect(forge.waits).toEqual([7000]);
  });

  it("waits until a date, too", async () => {
    forge.instead.push(() => ({
      status: 503,
      headers: { "retry-after": new Date(Date.now() + 9000).toUTCString() },
    }));
    expect(await put()).toBe("written");
    expect(forge.waits).toHaveLength(1);
    expect(forge.waits[0]).toBeGreaterThan(6000);
    expect(forge.waits[0]).toBeLessThanOrEqual(9000);
  });

  it("gives up on a forge that wants hours", async () => {
    forge.instead.push(() => ({ status: 429, headers: { "retry-after": "3600" } }));
    await expect(put()).rejects.toThrow("3600 s of patience");
    expect(forge.waits).toEqual([]);
  });

  it("tries a failing forge five times, with longer and longer pauses", async () => {
    for (let count = 0; count < 5; count += 1) forge.instead.push(() => ({ status: 502 }));
    await expect(put()).rejects.toThrow("502 (tried 5 times)");
    expect(forge.waits).toEqual([1000, 2000, 4000, 8000]);
  });

  it.each([
    ["an error", (): Reply => ({ status: 500 })],
    ["a broken connection", (): typeof hangUp => hangUp],
  ] as const)(
    "looks again before it writes a second time after %s in place of an answer",
    async (_what, reply) => {
      // The forge made the comment; only its answer did not arrive.
      forge.after.push(({ method, path }) =>
        method === "POST" && !path.endsWith("/graphql") ? reply() : undefined,
      );
      expect(await put()).toBe("unchanged");
      expect(forge.comments).toHaveLength(1);
    },
  );

  it("writes again what did not arrive", async () => {
    forge.instead.push(({ method, path }) =>
      method === "POST" && !path.endsWith("/graphql") ? { status: 502 } : undefined,
    );
    expect(await put()).toBe("written");
    expect(forge.comments).toHaveLength(1);
  });

  it("ends at once when it is interrupted while it waits", async () => {
    const interruption = new AbortController();
    forge.instead.push(() => {
      setTimeout(() => interruption.abort(), 20);
      return { status: 429, headers: { "retry-after": "60" } };
    });
    const failed = putComment(
      openForge(forge.env, { signal: interruption.signal }),
      12,
      mark,
      page,
    );
    await expect(failed).rejects.toMatchObject({
      name: "Refusal",
      exitCode: 130,
      message: expect.stringMatching(/^Interrupted/),
    });
    expect(forge.received).toHaveLength(1);
  });

  it("does not follow a redirect with the token", async () => {
    forge.instead.push(() => ({
      status: 307,
      headers: { location: "https://elsewhere.example/api" },
    }));
    await expect(put()).rejects.toThrow(
      "a redirect to https://elsewhere.example, which is not followed with a token",
    );
    expect(forge.received).toHaveLength(1);
  });

  it("does not take the token to another host for the next page", async () => {
    forge.instead.push(({ method, path }) =>
      method === "GET" && !path.endsWith("/user")
        ? {
            status: 200,
            body: [],
            headers: { link: '<https://elsewhere.example/page>; rel="next"' },
          }
        : undefined,
    );
    await expect(put()).rejects.toThrow(
      /: https:\/\/elsewhere\.example is not the API at .*, and gets no token/,
    );
  });

  it("says what is not an API", async () => {
    forge.instead.push(() => ({
      status: 200,
      text: "<html>Please log in</html>",
      headers: { "content-type": "text/html" },
    }));
    await expect(put()).rejects.toThrow(
      /answered with something that is not JSON; is that its API\?/,
    );
    expect(writes(forge)).toEqual([]);
  });

  it("names a right that is missing", async () => {
    forge.instead.push(() => ({ status: 403, body: { message: "Resource not accessible" } }));
    await expect(put()).rejects.toThrow(
      /403 Resource not accessible\. .*(pull-requests: write|scope api)/,
    );
    expect(forge.waits).toEqual([]);
  });
});
