// What each frame means to a client that follows a lot over any number of connections. Pure: no socket, no clock, no wait.
import type { Cursor, Frame, Hello, Lagged, Snapshot } from "./frames";
import { DEAD_INTERVALS, HEARTBEAT_S, PROTOCOL, mayReconnect } from "./frames";
import type { LotState } from "./lot";
import type { LogEntry } from "../api/types";
import { begin, collapse, reduceAll } from "./lot";

/** After this many faults in a row at the same place of the log, the client asks for a snapshot instead. */
const FAULTS_MAX = 3;
/** Bounds of what a server may announce as its heartbeat, in seconds. */
const HEARTBEAT_S_MIN = 1;
const HEARTBEAT_S_MAX = 300;

type Phase =
  | { at: "opened" }
  | { at: "greeted"; epoch: string }
  // A place that the last heartbeat found us at although there was more to come is overdue.
  | { at: "catching_up"; head: number; overdue: number | null }
  | { at: "live"; overdue: number | null };

export interface Follower {
  readonly lotId: string;
  readonly lot: LotState | null;
  /** Where the server was asked to go on; null asks for a snapshot. */
  readonly asked: Cursor | null;
  readonly phase: Phase;
  readonly deadAfterMs: number;
  readonly faults: number;
  /** Why the daemon refuses writes, while it does. */
  readonly degraded: string | null;
}

/** Why a connection is at its end: to be opened again, or for good. */
export interface End {
  reason: string;
  code: number | null;
  isForGood: boolean;
  retryAfterMs: number;
}

export interface Step {
  follower: Follower;
  /** What was applied, for those who care for more than the lot. */
  events: readonly LogEntry[];
  end: End | null;
}

export function follow(lotId: string, lot: LotState | null): Follower {
  const deadAfterMs = deadAfter(HEARTBEAT_S);
  return { lotId, lot, asked: null, phase: { at: "opened" }, deadAfterMs, faults: 0, degraded: null };
}

/** Begins a connection; `asked` says where to go on. */
export function open(follower: Follower): Follower {
  const { lot, faults } = follower;
  const asked = lot && faults < FAULTS_MAX ? { epoch: lot.epoch, seq: lot.seq } : null;
  return { ...follower, asked, phase: { at: "opened" }, deadAfterMs: deadAfter(HEARTBEAT_S) };
}

export function step(follower: Follower, frame: Frame): Step {
  switch (frame.type) {
    case "hello":
      return greet(follower, frame);
    case "snapshot":
      return replace(follower, frame);
    case "resumed":
      return resume(follower, frame);
    case "events":
      return apply(follower, frame.events);
    case "lagged":
      return skip(follower, frame);
    case "heartbeat":
      return beat(follower, frame.head);
    case "degraded":
      return went({ ...follower, degraded: frame.active ? frame.detail : null });
    case "bye":
      return { ...went(follower), end: closed(frame.code, frame.reason, frame.retry_after_ms ?? 0) };
  }
}

/** What a close with this code means. */
export function closed(code: number, reason: string, retryAfterMs = 0): End {
  return { reason: reason || `closed with code ${code}`, code, isForGood: !mayReconnect(code), retryAfterMs };
}

function greet(follower: Follower, hello: Hello): Step {
  if (follower.phase.at !== "opened") return fault(follower, "the server said hello twice");
  if (hello.protocol !== PROTOCOL) {
    const reason = `the server speaks version ${hello.protocol} of the live protocol, this page ${PROTOCOL}`;
    return { ...went(follower), end: { reason, code: 4506, isForGood: true, retryAfterMs: 0 } };
  }
  if (hello.lot !== follower.lotId) return fault(follower, `the server follows lot ${hello.lot}`);
  const phase: Phase = { at: "greeted", epoch: hello.epoch };
  return went({ ...follower, phase, deadAfterMs: deadAfter(hello.heartbeat_s) });
}

function replace(follower: Follower, snapshot: Snapshot): Step {
  const { phase, asked } = follower;
  if (phase.at !== "greeted") return fault(follower, "a snapshot came in the middle of the stream");
  // Only a server that is itself behind (`ahead`), or that was not asked to go on, may take us back.
  const isBack = asked?.epoch === phase.epoch && asked.seq > snapshot.seq;
  if (isBack && snapshot.reason !== "ahead") return fault(follower, "a snapshot came from before our place in the log");
  return went({ ...follower, lot: begin(phase.epoch, snapshot), faults: 0, phase: { at: "live", overdue: null } });
}

function resume(follower: Follower, frame: { from: number; head: number }): Step {
  const { phase, asked } = follower;
  const isOurs = phase.at === "greeted" && asked?.epoch === phase.epoch && asked.seq === frame.from;
  if (!isOurs || frame.head < frame.from) return fault(follower, `the server resumed at ${frame.from}, where we were not`);
  return went(arrive({ ...follower, phase: { at: "catching_up", head: frame.head, overdue: null } }));
}

function apply(follower: Follower, events: readonly LogEntry[]): Step {
  const lot = streaming(follower);
  if (!lot) return fault(follower, "events came before the stream began");
  let last = lot.seq;
  const next: LogEntry[] = [];
  let missing: string | null = null;
  for (const event of events) {
    if (event.seq <= last) continue;
    if (event.seq !== last + 1) {
      missing = `event ${last + 1} is missing: ${event.seq} came after ${last}`;
      break;
    }
    last = event.seq;
    next.push(event);
  }
  const advanced = next.length > 0 ? { ...follower, lot: reduceAll(lot, next), faults: 0 } : follower;
  const done = missing === null ? went(arrive(advanced)) : fault(advanced, missing);
  return { ...done, events: next };
}

function skip(follower: Follower, lagged: Lagged): Step {
  const lot = streaming(follower);
  if (lot?.seq !== lagged.from || lagged.to < lagged.from) {
    return fault(follower, `a summary of the events ${lagged.from} to ${lagged.to} came, where we were not`);
  }
  return went(arrive({ ...follower, lot: collapse(lot, lagged), faults: 0 }));
}

function beat(follower: Follower, head: number): Step {
  const lot = streaming(follower);
  const { phase } = follower;
  if (!lot || (phase.at !== "live" && phase.at !== "catching_up")) return went(follower);
  if (head <= lot.seq) return went({ ...follower, phase: { ...phase, overdue: null } });
  // Once may be a heartbeat that overtook its events; twice without one event between them is a loss.
  if (phase.overdue === lot.seq) return fault(follower, `the events after ${lot.seq} did not come, though there are ${head}`);
  return went({ ...follower, phase: { ...phase, overdue: lot.seq } });
}

function streaming(follower: Follower): LotState | null {
  return follower.phase.at === "live" || follower.phase.at === "catching_up" ? follower.lot : null;
}

function arrive(follower: Follower): Follower {
  const { phase, lot } = follower;
  if (phase.at !== "catching_up" || !lot || lot.seq < phase.head) return follower;
  return { ...follower, phase: { at: "live", overdue: null } };
}

function went(follower: Follower): Step {
  return { follower, events: [], end: null };
}

function fault(follower: Follower, reason: string): Step {
  const end: End = { reason, code: null, isForGood: false, retryAfterMs: 0 };
  return { follower: { ...follower, faults: follower.faults + 1 }, events: [], end };
}

function deadAfter(heartbeatS: number): number {
  return Math.min(Math.max(heartbeatS, HEARTBEAT_S_MIN), HEARTBEAT_S_MAX) * DEAD_INTERVALS * 1000;
}
