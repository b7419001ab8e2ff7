// What is known of one lot, and how each event changes it. Pure: no socket, no clock, no React.
import type { Camera, Capture, LogEntry, Lot, Slot } from "../api/types";
import type { Lagged, Snapshot } from "./frames";

/** A lot at one place of its log. Never changed in place: what is the same object is the same. */
export interface LotState {
  readonly epoch: string;
  readonly seq: number;
  readonly lot: Lot;
  readonly slots: ReadonlyMap<string, Slot>;
  /** Ids by code as people count: A-2 before A-10. Another object whenever a slot came, went, or was moved or renamed, and never else. */
  readonly order: readonly string[];
  readonly cameras: ReadonlyMap<string, Camera>;
  /** The newest picture of each camera that an event told of. */
  readonly pictures: ReadonlyMap<string, Capture>;
}

export function begin(epoch: string, snapshot: Snapshot): LotState {
  return {
    epoch,
    seq: snapshot.seq,
    lot: snapshot.lot,
    slots: new Map(snapshot.slots.map((slot) => [slot.id, slot])),
    order: snapshot.slots.map((slot) => slot.id),
    cameras: new Map(snapshot.cameras.map((camera) => [camera.id, camera])),
    pictures: new Map(),
  };
}

export function reduce(lot: LotState, event: LogEntry): LotState {
  return reduceAll(lot, [event]);
}

/** The same as one after the other, but each map is copied once at most. */
export function reduceAll(lot: LotState, events: readonly LogEntry[]): LotState {
  const draft = new Draft(lot);
  for (const event of events) draft.apply(event);
  return draft.finish();
}

/** Takes over what events came to that this client was too slow for. */
export function collapse(lot: LotState, lagged: Lagged): LotState {
  const draft = new Draft(lot);
  for (const id of lagged.deleted) draft.removeSlot(id);
  for (const slot of lagged.slots) draft.putSlot(slot);
  const cameras = new Map(lagged.cameras.map((camera) => [camera.id, camera]));
  return { ...draft.finish(), seq: lagged.to, lot: lagged.lot ?? lot.lot, cameras };
}

class Draft {
  private seq: number;
  private lot: Lot;
  private slots: Map<string, Slot> | null = null;
  private cameras: Map<string, Camera> | null = null;
  private pictures: Map<string, Capture> | null = null;
  private isReordered = false;

  constructor(private readonly base: LotState) {
    this.seq = base.seq;
    this.lot = base.lot;
  }

  apply(event: LogEntry): void {
    this.seq = event.seq;
    if (event.kind === "withheld") return;
    switch (event.kind) {
      case "lot.created":
      case "lot.changed":
        this.lot = event.data.lot;
        return;
      case "slot.created":
      case "slot.changed":
        return this.putSlot(event.data.slot);
      case "slot.deleted":
        return this.removeSlot(event.data.slot.id);
      case "camera.created":
      case "camera.changed":
      case "camera.status":
      case "camera.frozen":
      case "camera.moved":
        return this.putCamera(event.data.camera);
      case "camera.deleted":
        (this.cameras ??= new Map(this.base.cameras)).delete(event.data.camera.id);
        return;
      case "capture.added":
        return this.putPicture(event.data.capture);
      case "capture.changed":
        return this.changePicture(event.data.capture);
      case "capture.deleted":
        return this.removePicture(event.data.capture.id);
      case "capture.expired":
        for (const id of event.data.captures) this.removePicture(id);
        return;
      default:
        // Sessions and tokens are no part of the picture, and a newer daemon may have kinds that are unknown here.
        return;
    }
  }

  putSlot(slot: Slot): void {
    const slots = (this.slots ??= new Map(this.base.slots));
    const before = slots.get(slot.id);
    if (!before || !isInPlace(before, slot)) this.isReordered = true;
    slots.set(slot.id, slot);
  }

  removeSlot(id: string): void {
    this.isReordered = (this.slots ??= new Map(this.base.slots)).delete(id) || this.isReordered;
  }

  finish(): LotState {
    const slots = this.slots ?? this.base.slots;
    return {
      epoch: this.base.epoch,
      seq: this.seq,
      lot: this.lot,
      slots,
      order: this.isReordered ? inOrder(slots) : this.base.order,
      cameras: this.cameras ?? this.base.cameras,
      pictures: this.pictures ?? this.base.pictures,
    };
  }

  private putCamera(camera: Camera): void {
    const cameras = (this.cameras ??= new Map(this.base.cameras));
    // Events record changes only: the last contact is what it was.
    const contact = camera.contact ?? cameras.get(camera.id)?.contact;
    cameras.set(camera.id, contact ? { ...camera, contact } : camera);
  }

  private putPicture(capture: Capture): void {
    if (!capture.camera) return;
    const newest = (this.pictures ?? this.base.pictures).get(capture.camera);
    if (newest && newest.captured_at > capture.captured_at) return;
    (this.pictures ??= new Map(this.base.pictures)).set(capture.camera, capture);
    const cameras = (this.cameras ??= new Map(this.base.cameras));
    const camera = cameras.get(capture.camera);
    if (!camera) return;
    const contact = { ...camera.contact, seen_at: capture.received_at, capture_id: capture.id };
    cameras.set(camera.id, { ...camera, contact });
  }

  private changePicture(capture: Capture): void {
    if (!capture.camera || (this.pictures ?? this.base.pictures).get(capture.camera)?.id !== capture.id) return;
    (this.pictures ??= new Map(this.base.pictures)).set(capture.camera, capture);
  }

  private removePicture(id: string): void {
    for (const [camera, picture] of this.pictures ?? this.base.pictures) {
      if (picture.id === id) (this.pictures ??= new Map(this.base.pictures)).delete(camera);
    }
  }
}

/** Whether a change leaves the lot drawn as it is, but for states. */
function isInPlace(before: Slot, after: Slot): boolean {
  const [old, now] = [before.position, after.position];
  const isSamePoint = old === now || (old?.x === now?.x && old?.y === now?.y);
  return isSamePoint && before.code === after.code && before.kind === after.kind && before.zone === after.zone && before.level === after.level;
}

const BY_CODE = new Intl.Collator("en", { numeric: true });

function inOrder(slots: ReadonlyMap<string, Slot>): string[] {
  return [...slots.values()].sort((a, b) => BY_CODE.compare(a.code, b.code)).map((slot) => slot.id);
}
