// Frames of the live protocol, all sent by the server; daemon/api/src/live.rs is their other end.
import type { Camera, LogEntry, Lot, Slot, SlotStats } from "../api/types";

export const PROTOCOL = 1;
/** Between two heartbeats until the server says otherwise, in seconds. */
export const HEARTBEAT_S = 15;
/** A connection that is silent for this many heartbeats is dead. */
export const DEAD_INTERVALS = 2.5;

export interface Cursor {
  epoch: string;
  seq: number;
}

export interface Hello {
  type: "hello";
  protocol: number;
  lot: string;
  epoch: string;
  head: number;
  floor: number;
  heartbeat_s: number;
  at: string;
  version: string;
}

export interface Snapshot {
  type: "snapshot";
  seq: number;
  reason: "no_cursor" | "epoch_changed" | "too_old" | "too_many" | "ahead";
  lot: Lot;
  slots: Slot[];
  cameras: Camera[];
  stats: SlotStats;
}

export interface Lagged {
  type: "lagged";
  from: number;
  to: number;
  slots: Slot[];
  deleted: string[];
  cameras: Camera[];
  lot: Lot | null;
}

export type Frame =
  | Hello
  | Snapshot
  | Lagged
  | { type: "resumed"; from: number; head: number }
  | { type: "events"; events: LogEntry[] }
  | { type: "heartbeat"; head: number; at: string }
  | { type: "degraded"; active: boolean; detail: string }
  | { type: "bye"; code: number; reason: string; retry_after_ms?: number };

/** The frame in a message, or null for one that this client is too old to know. */
export function parse(text: string): Frame | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || !("type" in value)) throw new Error("a frame has no type");
  return KNOWN.has(String(value.type)) ? (value as Frame) : null;
}

const KNOWN = new Set([
  "hello",
  "snapshot",
  "lagged",
  "resumed",
  "events",
  "heartbeat",
  "degraded",
  "bye",
] satisfies Frame["type"][] as string[]);

/** Whether a client that was closed with this code should come back by itself. */
export function mayReconnect(code: number): boolean {
  return code < 4500 || code > 4999;
}
