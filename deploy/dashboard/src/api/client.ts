// The daemon over HTTP: types from its document, the CSRF token with every change, refusals as errors that say what happened.
import type { Middleware } from "openapi-fetch";
import createClient from "openapi-fetch";
import type { paths } from "./schema";
import type { Problem, ProblemCode } from "./types";

/** How often a change is sent, with the same key, while nobody answers it; and how much longer each wait in between is. */
const SENDS_MAX = 4;
const RESEND_MS = 500;
const KEY_BYTES = 16;

/** The daemon refused. */
export class Refusal extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail);
    this.name = "Refusal";
  }
}

/** No answer came. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super("the server cannot be reached", { cause });
    this.name = "Unreachable";
  }
}

/** A change was sent, and an answer to it was lost: it may have been done or not. */
export class Unanswered extends Error {
  constructor(cause: unknown) {
    super("whether it was done is not known", { cause });
    this.name = "Unanswered";
  }
}

let csrfToken: string | null = null;

/** To be sent with every change from now on. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

let doubt: () => Promise<void> = () => Promise.resolve();

/** Called when the daemon no longer takes us for who we were; done when it has said who we are. */
export function onDoubt(listener: () => Promise<void>): void {
  doubt = listener;
}

/** By these it is found out who we are: their refusal is an answer to that, and raises no doubt. */
const IDENTIFYING = /\/api\/(login|lots)$/;

const guard: Middleware = {
  onRequest({ request }) {
    if (csrfToken && request.method !== "GET") request.headers.set("X-CSRF-Token", csrfToken);
    return request;
  },
  async onResponse({ request, response }) {
    if (response.ok || response.status === 304) return response;
    const problem = await problemOf(response);
    if (problem.status === 401 && !IDENTIFYING.test(new URL(request.url).pathname)) void doubt();
    throw new Refusal(problem);
  },
  onError({ error }) {
    return error instanceof Refusal ? error : new Unreachable(error);
  },
};

export const api = createClient<paths>({ baseUrl: "" });
api.use(guard);

/** A key under which the daemon does a change once, however often it is sent. */
export function idempotencyKey(): string {
  // `randomUUID` is missing on a page without TLS.
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a change, again if nobody answered it: its idempotency key makes that safe. */
export async function change<T>(send: (key: string) => Promise<{ data?: T }>): Promise<T> {
  const key = idempotencyKey();
  let [isLost, isRenewed] = [false, false];
  for (let sent = 1; ; sent += 1) {
    try {
      return answer(await send(key));
    } catch (error) {
      // The secret that lets changes through is missing or another: it comes with who we are.
      if (error instanceof Refusal && error.problem.code === "csrf_mismatch" && !isRenewed) {
        isRenewed = true;
        await doubt();
        continue;
      }
      if (!isUndecided(error)) throw error;
      isLost ||= isAnswerLost(error);
      if (sent === SENDS_MAX) throw isLost ? new Unanswered(error) : error;
      await new Promise((resolve) => setTimeout(resolve, RESEND_MS * sent));
    }
  }
}

/** Whether no daemon has decided: none was reached, or a proxy or a daemon says that it cannot right now. */
function isUndecided(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof Refusal && [502, 503, 504].includes(error.problem.status));
}

/** Whether a daemon may have done it all the same. */
function isAnswerLost(error: unknown): boolean {
  if (!(error instanceof Refusal)) return true;
  return error.problem.code === "outcome_unknown" || [502, 504].includes(error.problem.status);
}

/** The body of an answer. A refusal has been thrown before. */
export function answer<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new Error("the answer has no body");
  return data;
}

/** Whether the caller is not known, or no longer. */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof Refusal && error.problem.status === 401;
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.includes("json")) {
    try {
      return (await response.json()) as Problem;
    } catch {
      // A proxy in between may say anything.
    }
  }
  const title = response.statusText || `status ${response.status}`;
  return { type: "about:blank", title, status: response.status, code: BY_STATUS[response.status] ?? "unknown", detail: title };
}

/** What a proxy means, which says it by its status alone. */
const BY_STATUS: Readonly<Record<number, ProblemCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not_found",
  408: "request_timeout",
  413: "body_too_large",
  429: "rate_limited",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
};
