// The wire types by their own names. They are generated from the daemon's OpenAPI document; nothing here is written by hand.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Camera = Schemas["Camera"];
export type CameraRegions = Schemas["CameraRegions"];
export type CameraView = Schemas["CameraView"];
export type Capture = Schemas["Capture"];
export type Counts = Schemas["Counts"];
export type Event = Schemas["Event"];
export type Health = Schemas["Health"];
export type HealthSample = Schemas["HealthSample"];
export type Identity = Schemas["Identity"];
export type Lot = Schemas["Lot"];
export type Problem = Schemas["Problem"];
export type ProblemCode = Schemas["ProblemCode"];
export type Role = Schemas["Role"];
export type Session = Schemas["Session"];
export type Slot = Schemas["Slot"];
export type SlotKind = Schemas["SlotKind"];
export type SlotState = Schemas["SlotState"];
export type SlotStats = Schemas["SlotStats"];
export type SlotView = Schemas["SlotView"];
export type Token = Schemas["Token"];
export type Trust = Schemas["Trust"];
export type Why = Schemas["Why"];

/** One place in the log: an event, or the number of one that this audience may not see or this client does not know. */
export type LogEntry = Event | { seq: number; kind: "withheld" };

export const STATES = ["free", "occupied", "reserved", "closed", "unknown"] as const satisfies readonly SlotState[];
export const KINDS = [
  "standard",
  "accessible",
  "ev",
  "motorcycle",
  "delivery",
  "staff",
] as const satisfies readonly SlotKind[];

const LADDER: readonly Role[] = ["camera", "viewer", "attendant", "admin"];

/** Whether a role may do what the other may. */
export function isAtLeast(role: Role | null, needed: Role): boolean {
  return role !== null && LADDER.indexOf(role) >= LADDER.indexOf(needed);
}
