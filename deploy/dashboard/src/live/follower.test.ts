import { expect, test } from "vitest";
import type { LogEntry } from "../api/types";
import { fixture } from "../fixtures";
import type { Follower } from "./follower";
import { closed, follow, open, step } from "./follower";
import type { Frame, Hello, Snapshot } from "./frames";

const hello = fixture<Hello>("frame.hello");
const snapshot = fixture<Snapshot>("frame.snapshot");

function feed(follower: Follower, ...frames: Frame[]) {
  let last = step(follower, frames[0] as Frame);
  for (const frame of frames.slice(1)) {
    expect(last.end).toBeNull();
    last = step(last.follower, frame);
  }
  return last;
}

const withheld = (...seqs: number[]): Frame => ({ type: "events", events: seqs.map((seq): LogEntry => ({ seq, kind: "withheld" })) });
const live = feed(open(follow("main", null)), hello, snapshot).follower;

test("without a cursor a snapshot makes it live", () => {
  expect(live.phase.at).toBe("live");
  expect(live.lot?.seq).toBe(1042);
});

test("it asks to go on where it was, and is live only when it has caught up", () => {
  const again = open(live);
  expect(again.asked).toEqual({ epoch: hello.epoch, seq: 1042 });
  const resumed = feed(again, { ...hello, head: 1044 }, { type: "resumed", from: 1042, head: 1044 });
  expect(resumed.follower.phase.at).toBe("catching_up");
  const half = feed(resumed.follower, withheld(1043));
  expect(half.follower.phase.at).toBe("catching_up");
  expect(feed(half.follower, withheld(1044)).follower.phase.at).toBe("live");
});

test("events that it has are dropped, and a gap ends the connection with what came before it applied", () => {
  const again = feed(live, withheld(1041, 1042, 1043));
  expect(again.events.map(({ seq }) => seq)).toEqual([1043]);
  const gap = feed(live, withheld(1043, 1045));
  expect(gap.end?.reason).toContain("1044 is missing");
  expect(gap.end?.isForGood).toBe(false);
  expect(gap.follower.lot?.seq).toBe(1043);
});

test("after three faults at the same place it asks for a snapshot instead", () => {
  let follower = live;
  for (let fault = 0; fault < 3; fault += 1) follower = step({ ...follower, phase: { at: "live", overdue: null } }, withheld(1050)).follower;
  expect(open(follower).asked).toBeNull();
});

test("another epoch brings a snapshot, whatever its seq", () => {
  const done = feed(open(live), { ...hello, epoch: "another" }, { ...snapshot, seq: 3, reason: "epoch_changed" });
  expect(done.end).toBeNull();
  expect(done.follower.lot).toMatchObject({ epoch: "another", seq: 3 });
});

test("a server that resumes elsewhere, or goes back without saying why, is not believed", () => {
  expect(feed(open(live), hello, { type: "resumed", from: 1000, head: 1042 }).end).not.toBeNull();
  expect(feed(open(live), hello, { ...snapshot, seq: 1000, reason: "too_old" }).end).not.toBeNull();
  expect(feed(open(live), hello, { ...snapshot, seq: 1000, reason: "ahead" }).end).toBeNull();
});

test("a heartbeat may overtake its events once, not twice", () => {
  const beat: Frame = { type: "heartbeat", head: 1050, at: hello.at };
  const once = step(live, beat);
  expect(once.end).toBeNull();
  expect(step(once.follower, beat).end?.reason).toContain("did not come");
  const moved = step(once.follower, withheld(1043));
  expect(step(moved.follower, beat).end).toBeNull();
});

test("a summary that begins elsewhere is a fault", () => {
  expect(step(live, fixture("frame.lagged")).follower.lot?.seq).toBe(1100);
  expect(step(live, { ...fixture<Frame>("frame.lagged"), from: 1 } as Frame).end).not.toBeNull();
});

test("codes say whether to come back, and a good-bye when", () => {
  expect(step(live, fixture("frame.bye")).end).toMatchObject({ isForGood: false, retryAfterMs: 1500 });
  expect(step(live, fixture("frame.bye.for_good")).end).toMatchObject({ isForGood: true });
  expect([1006, 4001, 4008, 4012].map((code) => closed(code, "").isForGood)).toEqual([false, false, false, false]);
  expect([4500, 4504, 4506].map((code) => closed(code, "").isForGood)).toEqual([true, true, true]);
});

test("it knows while the daemon refuses writes", () => {
  const bad = step(live, fixture("frame.degraded")).follower;
  expect(bad.degraded).toContain("database");
  expect(step(bad, { type: "degraded", active: false, detail: "" }).follower.degraded).toBeNull();
});

test("a protocol that it does not speak is the end", () => {
  expect(step(open(follow("main", null)), { ...hello, protocol: 2 }).end?.isForGood).toBe(true);
});
