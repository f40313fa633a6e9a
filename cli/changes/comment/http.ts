import { setTimeout as sleep } from "node:timers/promises";
import { failure, Refusal } from "../../refusal.ts";
import { ExitCode } from "../../exitCode.ts";

/** How a forge's API is reached. */
export interface ApiSettings {
  /** The forge's name, for messages. */
  readonly forge: string;
  /** Every path is below it. */
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Is in one of the headers; never part of a message, whatever an answer repeats. */
  readonly token: string;
  /** What to look at when the forge refuses with this status. */
  readonly hint: (status: number) => string | undefined;
  readonly wait?: (milliseconds: number) => Promise<unknown>;
  readonly signal?: AbortSignal | undefined;
}

export interface Request {
  readonly method: "GET" | "POST" | "PATCH" | "PUT";
  /** Below the base, or an absolute address at the same origin. */
  readonly path: string;
  readonly body?: unknown;
  /**
   * Default: all but POST. Something that is not repeatable may have been done although no good
   * answer came.
   */
  readonly repeatable?: boolean;
}

export interface Answer {
  readonly data: unknown;
  /** Address of the next page of a list. */
  readonly next: string | undefined;
}

/** The forge may or may not have made what was asked for. */
export class Uncertain extends Error {}

export interface Api {
  send(request: Request): Promise<Answer>;
  /** Every element of a list, page after page. */
  list(path: string): AsyncGenerator<Record<string, unknown>>;
}

const attempts = 5;
const requestMs = 30_000;
/**
 * A forge that wants more patience than this would keep the job waiting for longer than it is
 * worth.
 */
const longestWaitMs = 120_000;

export function openApi(settings: ApiSettings): Api {
  const base = new URL(settings.base.endsWith("/") ? settings.base : `${settings.base}/`);
  if (base.protocol !== "https:" && !isLoopback(base.hostname)) {
    throw new Refusal(
      `${settings.forge}: ${base.origin} is not https, and the token would be readable on the way.`,
    );
  }
  const pause =
    settings.wait ??
    ((milliseconds) => sleep(milliseconds, undefined, { signal: settings.signal }));

  const interrupted = (): void => {
    if (settings.signal?.aborted)
      throw new Refusal("Interrupted; what was not told yet is not told.", ExitCode.Interrupted);
  };

  async function send(request: Request): Promise<Answer> {
    const url = request.path.startsWith("http")
      ? new URL(request.path)
      : new URL(request.path.replace(/^\//, ""), base);
    // A list's next page is where the forge says; the token goes nowhere else.
    if (url.origin !== base.origin)
      throw failure(
        `${settings.forge}: ${url.origin} is not the API at ${base.origin}, and gets no token`,
      );
    const what = `${settings.forge}: ${request.method} ${url.pathname}`;
    const repeatable = request.repeatable ?? request.method !== "POST";
    for (let attempt = 1; ; attempt += 1) {
      const result = await once(url, request);
      if (result instanceof Response && result.ok) return answer(result, url);
      const { text, status, waitMs } = await failureOf(result);
      // Refused for its rate, so it was not done; any other failure leaves that open.
      const refusedForRate = waitMs !== undefined && status < 500;
      const passing = status >= 500 || status === 0 || refusedForRate;
      const said = `${what}: ${hide(text)}`;
      if (!passing) throw failure([said, settings.hint(status)].filter(Boolean).join(". "));
      if (!repeatable && !refusedForRate) throw new Uncertain(said);
      const wait = waitMs ?? 1000 * 2 ** (attempt - 1);
      if (attempt === attempts) throw failure(`${said} (tried ${attempts} times)`);
      if (wait > longestWaitMs)
        throw failure(
          `${said}; it wants ${Math.ceil(wait / 1000)} s of patience, more than a job should wait`,
        );
      await pause(wait).catch(interrupted);
    }
  }

  async function once(url: URL, { method, body }: Request): Promise<Response | Error> {
    const timeout = AbortSignal.timeout(requestMs);
    try {
      const response = await fetch(url, {
        method,
        headers: {
          ...settings.headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        // A redirect would take headers of our own along to wherever it points.
        redirect: "manual",
        signal: settings.signal ? AbortSignal.any([settings.signal, timeout]) : timeout,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      // Read here, so that a connection that breaks in the middle is one of those that are tried
      // again.
      return new Response(response.status === 204 ? null : await response.text(), response);
    } catch (error) {
      interrupted();
      return error as Error;
    }
  }

  const hide = (text: string): string =>
    settings.token === "" ? text : text.replaceAll(settings.token, "***");

  async function answer(response: Response, url: URL): Promise<Answer> {
    const text = await response.text();
    const next = nextPage(response.headers.get("link"));
    try {
      return {
        data: text === "" ? undefined : JSON.parse(text),
        next: next === undefined ? undefined : new URL(next, url).href,
      };
    } catch {
      throw failure(
        `${settings.forge}: ${url.href.split("?")[0]} answered with something that is not JSON; is that its API?`,
      );
    }
  }

  return {
    send,
    async *list(path) {
      const seen = new Set<string>();
      for (let next: string | undefined = path; next !== undefined && !seen.has(next);) {
        seen.add(next);
        const page: Answer = await send({ method: "GET", path: next });
        if (!Array.isArray(page.data))
          throw failure(`${settings.forge}: ${path.split("?")[0]} is not a list`);
        yield* page.data as Record<string, unknown>[];
        next = page.next;
      }
    },
  };
}

/** `status` is 0 when there was no answer; `waitMs` is there when the forge says how long. */
async function failureOf(
  result: Response | Error,
): Promise<{ text: string; status: number; waitMs: number | undefined }> {
  if (result instanceof Error) {
    const cause = result.cause instanceof Error ? `: ${result.cause.message}` : "";
    return { text: `${result.message}${cause}`, status: 0, waitMs: undefined };
  }
  const { status } = result;
  if (status >= 300 && status < 400) {
    const target = result.headers.get("location");
    const where = target !== null && URL.canParse(target) ? ` to ${new URL(target).origin}` : "";
    return {
      text: `${status}, a redirect${where}, which is not followed with a token`,
      status,
      waitMs: undefined,
    };
  }
  const waitMs =
    status === 429 || status === 403 || status === 503 ? askedWait(result.headers) : undefined;
  return {
    text: `${status}${messageIn(await result.text())}`,
    status,
    waitMs: waitMs ?? (status === 429 ? 1000 : undefined),
  };
}

/** How long the forge wants to be left alone, by the headers that the forges use for it. */
function askedWait(headers: Headers): number | undefined {
  const after = headers.get("retry-after");
  if (after !== null) {
    const milliseconds = /^\d+$/.test(after)
      ? Number(after) * 1000
      : Date.parse(after) - Date.now();
    if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds);
  }
  const reset = headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset");
  const remaining = headers.get("x-ratelimit-remaining") ?? headers.get("ratelimit-remaining");
  if (remaining !== "0" || reset === null || !/^\d+$/.test(reset)) return undefined;
  return Math.max(0, Number(reset) * 1000 - Date.now());
}

function messageIn(text: string): string {
  try {
    const { message, error } = JSON.parse(text) as { message?: unknown; error?: unknown };
    const said = message ?? error;
    return said === undefined
      ? ""
      : ` ${(typeof said === "string" ? said : JSON.stringify(said)).slice(0, 300)}`;
  } catch {
    return "";
  }
}

const nextPage = (link: string | null): string | undefined =>
  /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(link ?? "")?.[1];

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\./.test(host);
