import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fixture } from "../fixtures";
import { WAIT_MS_MAX, WAIT_MS_MIN, wait } from "./backoff";
import type { Frame } from "./frames";
import type { LinkStatus, Socket } from "./link";
import { Link } from "./link";
import type { LotState } from "./lot";

class FakeSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  isClosed = false;
  constructor(readonly path: string) {}
  close() {
    this.isClosed = true;
  }
  says(frame: Frame) {
    this.onmessage?.call(null as never, { data: JSON.stringify(frame) } as MessageEvent);
  }
  closes(code: number) {
    this.onclose?.call(null as never, { code, reason: "" } as CloseEvent);
  }
}

let sockets: FakeSocket[];
let status: LinkStatus;
let lot: LotState | null;
let doubts: number;
let link: Link;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  sockets = [];
  doubts = 0;
  link = new Link("main", null, null, {
    connect: (path) => {
      const socket = new FakeSocket(path);
      sockets.push(socket);
      return socket;
    },
    now: () => Date.now(),
    random: () => 1,
    changed: (step, next) => {
      status = next;
      lot = step?.follower.lot ?? lot;
    },
    doubted: () => (doubts += 1),
  });
  link.start();
});
afterEach(() => {
  link.stop();
  vi.useRealTimers();
});

const last = () => sockets.at(-1) as FakeSocket;
function begin() {
  last().says(fixture("frame.hello"));
  last().says(fixture("frame.snapshot"));
}

test("it becomes live, and comes back with its cursor after a loss", () => {
  expect(last().path).toBe("/ws?lot=main");
  begin();
  expect(status).toMatchObject({ state: "live", offlineSince: null, freshAt: 1_000_000 });
  vi.advanceTimersByTime(5_000);
  last().closes(1006);
  expect(status).toMatchObject({ state: "offline", offlineSince: 1_005_000, freshAt: 1_000_000 });
  vi.advanceTimersByTime(WAIT_MS_MIN * 2);
  expect(last().path).toBe("/ws?lot=main&epoch=7c9e6679f42b4d1a&after=1042");
  last().says(fixture("frame.hello"));
  last().says({ type: "resumed", from: 1042, head: 1042 });
  last().says({ type: "events", events: [{ seq: 1043, kind: "withheld" }] });
  expect(status).toMatchObject({ state: "live", offlineSince: null });
  expect(lot?.seq).toBe(1043);
});

test("a connection that falls silent is dead, also after the machine slept", () => {
  begin();
  vi.advanceTimersByTime(37_000);
  expect(status.state).toBe("live");
  vi.advanceTimersByTime(2_000);
  expect(status.state).toBe("offline");
  expect(sockets[0]?.isClosed).toBe(true);
});

test("waits grow with jitter up to the longest, and never are none", () => {
  const longest = [0, 1, 2, 10, 500].map((attempt) => wait(attempt, 0, 1));
  expect(longest).toEqual([500, 1_000, 2_000, WAIT_MS_MAX, WAIT_MS_MAX]);
  expect([0, 10].map((attempt) => wait(attempt, 0, 0))).toEqual([WAIT_MS_MIN, WAIT_MS_MIN]);
  expect(wait(0, 1_500, 0)).toBe(1_500 + WAIT_MS_MIN);
});

test("a server that is away is asked less and less often, and again at once when somebody is in a hurry", () => {
  for (let lost = 0; lost < 6; lost += 1) {
    last().closes(1006);
    vi.advanceTimersByTime(WAIT_MS_MAX);
  }
  last().closes(1006);
  const before = sockets.length;
  link.hurry();
  expect(sockets.length).toBe(before + 1);
  expect(doubts).toBeGreaterThanOrEqual(7);
});

test("a refusal for good is not tried again", () => {
  begin();
  last().closes(4500);
  vi.advanceTimersByTime(60_000);
  expect(sockets.length).toBe(1);
  expect(status.state).toBe("refused");
  expect(doubts).toBe(1);
});

test("what is no frame ends the connection, what is a frame of the future does not", () => {
  begin();
  last().onmessage?.call(null as never, { data: '{"type":"newer"}' } as MessageEvent);
  expect(status.state).toBe("live");
  last().onmessage?.call(null as never, { data: "not json" } as MessageEvent);
  expect(status.state).toBe("offline");
});

test("a server that never greets is given up", () => {
  vi.advanceTimersByTime(11_500);
  expect(sockets[0]?.isClosed).toBe(true);
  expect(status.state).toBe("offline");
});
