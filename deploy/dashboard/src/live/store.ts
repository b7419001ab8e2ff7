// The lot that is followed, outside React: components subscribe to what they show, and are told once per painted frame at most.
import type { Event, Slot, SlotState } from "../api/types";
import type { Counts } from "./counts";
import { count } from "./counts";
import type { Step } from "./follower";
import type { LinkStatus } from "./link";
import type { LotState } from "./lot";

/** A change that was asked for and whose event has not come yet. */
export interface Pending {
  readonly state: SlotState;
  /** `seq` of its event, once the daemon has answered. */
  readonly seq: number | null;
}

export interface View {
  readonly lot: LotState | null;
  readonly status: LinkStatus;
  readonly pending: ReadonlyMap<string, Pending>;
}

const NO_LINK: LinkStatus = {
  state: "connecting",
  offlineSince: null,
  retryAt: null,
  freshAt: null,
  reason: null,
  code: null,
  degraded: null,
};

type Listener = () => void;
/** Hears each run of events; it is not whole when others before it were passed over, which nobody tells any more. */
export type EventListener = (events: readonly Event[], isWhole: boolean) => void;

export class LotStore {
  private next: View;
  private shown: View;
  private readonly listeners = new Set<Listener>();
  private readonly slotListeners = new Map<string, Set<Listener>>();
  private readonly fieldListeners = new Set<(ids: Iterable<string>) => void>();
  private readonly eventListeners = new Set<EventListener>();
  private isScheduled = false;
  private counted: { slots: LotState["slots"]; counts: Counts } | null = null;

  /** `schedule` runs something before the next paint. */
  constructor(
    lot: LotState | null,
    private readonly schedule: (flush: () => void) => void,
  ) {
    this.next = this.shown = { lot, status: NO_LINK, pending: new Map() };
  }

  view = (): View => this.shown;

  /** Where the log was followed to, whether it is painted already or not. */
  seq(): number {
    return this.next.lot?.seq ?? 0;
  }

  slot(id: string): Slot | undefined {
    return this.shown.lot?.slots.get(id);
  }

  counts = (): Counts => {
    const slots = this.shown.lot?.slots ?? EMPTY;
    if (this.counted?.slots !== slots) this.counted = { slots, counts: count(slots.values()) };
    return this.counted.counts;
  };

  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  subscribeSlot(id: string, listener: Listener): () => void {
    let set = this.slotListeners.get(id);
    if (!set) this.slotListeners.set(id, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0) this.slotListeners.delete(id);
    };
  }

  /** Tells which slots, if any, are to be drawn anew. */
  subscribeSlots(listener: (ids: Iterable<string>) => void): () => void {
    this.fieldListeners.add(listener);
    return () => this.fieldListeners.delete(listener);
  }

  subscribeEvents(listener: EventListener): () => void {
    this.eventListeners.add(listener);
    return () => this.eventListeners.delete(listener);
  }

  accept(step: Step | null, status: LinkStatus): void {
    const before = this.next.lot;
    const lot = step ? step.follower.lot : before;
    this.next = { lot, status, pending: settled(this.next.pending, lot?.seq ?? 0) };
    const told = step?.events ?? [];
    const events = told.filter((event): event is Event => event.kind !== "withheld");
    // A snapshot or a summary goes further than the events that came.
    const isWhole = !before || !lot || (lot.epoch === before.epoch && lot.seq === before.seq + told.length);
    if (events.length > 0 || !isWhole) for (const listener of this.eventListeners) listener(events, isWhole);
    this.plan();
  }

  /** Marks a slot until the event of its change has come; `seq` is known once the daemon has answered. */
  pend(id: string, pending: Pending): void {
    const all = new Map(this.next.pending).set(id, pending);
    this.next = { ...this.next, pending: settled(all, this.seq()) };
    this.plan();
  }

  unpend(id: string): void {
    const pending = new Map(this.next.pending);
    pending.delete(id);
    this.next = { ...this.next, pending };
    this.plan();
  }

  private plan(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.schedule(() => this.flush());
  }

  private flush(): void {
    this.isScheduled = false;
    const before = this.shown;
    this.shown = this.next;
    const changed = difference(before, this.shown);
    if (changed.size > 0) {
      for (const listener of this.fieldListeners) listener(changed);
      for (const id of changed) for (const listener of this.slotListeners.get(id) ?? []) listener();
    }
    for (const listener of this.listeners) listener();
  }
}

/** The slots that look different in one view than in the other. */
function difference(before: View, after: View): Set<string> {
  const changed = new Set<string>();
  const [old, now] = [before.lot?.slots ?? EMPTY, after.lot?.slots ?? EMPTY];
  if (old !== now) {
    for (const [id, slot] of now) if (old.get(id) !== slot) changed.add(id);
    for (const id of old.keys()) if (!now.has(id)) changed.add(id);
  }
  if (before.pending !== after.pending) {
    for (const id of [...before.pending.keys(), ...after.pending.keys()]) {
      if (before.pending.get(id) !== after.pending.get(id)) changed.add(id);
    }
  }
  return changed;
}

const EMPTY: ReadonlyMap<string, Slot> = new Map();

function settled(pending: ReadonlyMap<string, Pending>, seq: number): ReadonlyMap<string, Pending> {
  const left = [...pending].filter(([, { seq: own }]) => own === null || own > seq);
  return left.length === pending.size ? pending : new Map(left);
}
