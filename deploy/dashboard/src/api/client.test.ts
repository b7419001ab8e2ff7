import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fixture } from "../fixtures";
import { Refusal, Unanswered, Unreachable, answer, api, change, onDoubt, setCsrfToken } from "./client";
import type { Problem } from "./types";

let sent: Request[];
let answers: (() => Response)[];

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  answers = [];
});
afterEach(() => {
  vi.useRealTimers();
  setCsrfToken(null);
  onDoubt(() => Promise.resolve());
});

function network(request: Request): Promise<Response> {
  sent.push(request);
  const next = answers.shift();
  return next ? Promise.resolve(next()) : Promise.reject(new TypeError("network"));
}

const json = (status: number, body: object) => () => Response.json(body, { status });
const toggle = () =>
  change((key) =>
    api.POST("/api/slots/{slot}/toggle", {
      baseUrl: "http://127.0.0.1",
      fetch: network,
      params: { path: { slot: "A-1" }, header: { "Idempotency-Key": key } },
    }),
  );

async function settle<T>(work: Promise<T>): Promise<T | Error> {
  const done = work.catch((error: unknown) => error as Error);
  await vi.runAllTimersAsync();
  return done;
}

test("a change that nobody answered is sent again with the same key, and its CSRF token", async () => {
  setCsrfToken("secret");
  answers = [json(503, { ...fixture<Problem>("problem"), status: 503, code: "unavailable" }), json(200, { code: "A-1", seq: 7 })];
  expect(await settle(toggle())).toMatchObject({ seq: 7 });
  const keys = sent.map((request) => request.headers.get("Idempotency-Key"));
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys).toEqual([keys[0], keys[0]]);
  expect(sent.map((request) => request.headers.get("X-CSRF-Token"))).toEqual(["secret", "secret"]);
});

test("a refusal is an answer: it is not asked again, and says what it says", async () => {
  answers = [json(412, fixture("problem"))];
  const refused = await settle(toggle());
  expect(refused).toBeInstanceOf(Refusal);
  expect((refused as Refusal).problem.code).toBe("rev_stale");
  expect(sent).toHaveLength(1);
});

test("when no answer comes it is given up after a few attempts, and nobody claims that nothing was changed", async () => {
  expect(await settle(toggle())).toBeInstanceOf(Unanswered);
  expect(sent).toHaveLength(4);
});

test("a daemon that refuses for now has changed nothing, unless an answer before that was lost", async () => {
  const unavailable = json(503, { ...fixture<Problem>("problem"), status: 503, code: "unavailable" });
  answers = [unavailable, unavailable, unavailable, unavailable];
  expect(await settle(toggle())).toBeInstanceOf(Refusal);
  answers = [() => new Response("", { status: 504 }), unavailable, unavailable, unavailable];
  expect(await settle(toggle())).toBeInstanceOf(Unanswered);
});

test("who is no longer known finds out at once, and not from the question who that is", async () => {
  const doubted = vi.fn(() => Promise.resolve());
  onDoubt(doubted);
  const refused = json(401, { ...fixture<Problem>("problem"), status: 401, code: "unauthenticated" });
  answers = [refused, refused];
  const options = { baseUrl: "http://127.0.0.1", fetch: network };
  await settle(api.GET("/api/login", options).then(answer));
  expect(doubted).not.toHaveBeenCalled();
  await settle(toggle());
  expect(doubted).toHaveBeenCalledOnce();
});

test("a change whose secret is of a login that is no more is sent again with that of who we are", async () => {
  onDoubt(() => Promise.resolve(setCsrfToken("of today")));
  const refused = json(403, { ...fixture<Problem>("problem"), status: 403, code: "csrf_mismatch" });
  answers = [refused, json(200, { code: "A-1", seq: 7 })];
  expect(await settle(toggle())).toMatchObject({ seq: 7 });
  expect(sent.map((request) => request.headers.get("X-CSRF-Token"))).toEqual([null, "of today"]);
  answers = [refused, refused];
  expect(await settle(toggle())).toBeInstanceOf(Refusal);
});

test("what is only read and cannot be reached is just that", async () => {
  expect(await settle(api.GET("/api/lots", { baseUrl: "http://127.0.0.1", fetch: network }).then(answer))).toBeInstanceOf(Unreachable);
});

test("what a proxy says in HTML is understood as what its status says", async () => {
  answers = [() => new Response("<html>", { status: 413, headers: { "Content-Type": "text/html" } })];
  const refused = await settle(toggle());
  expect((refused as Refusal).problem).toMatchObject({ status: 413, code: "body_too_large" });
});
