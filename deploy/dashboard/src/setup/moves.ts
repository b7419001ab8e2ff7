// Bays that are being moved: each shown where it was put until the event of its move has come, and saved by itself when its keys rest. Knows no page.
import type { Slot } from "../api/types";

export interface Point {
  x: number;
  y: number;
}

export interface World {
  slot: (id: string) => Slot | undefined;
  /** Where the log was followed to. */
  seq: () => number;
  /** Saves a position over this `rev`; answers the slot as it is then, with the `seq` of its event. */
  send: (slot: Slot, rev: number, point: Point) => Promise<{ rev: number; seq: number }>;
  changed: () => void;
  failed: (error: unknown) => void;
}

interface Move {
  point: Point;
  timer: ReturnType<typeof setTimeout> | null;
  isSending: boolean;
  /** Of its last save; null while there is something of it to be saved. */
  seq: number | null;
  /** As its last save left the slot, whose event may be on its way. */
  rev: number;
}

export class Moves {
  private readonly all = new Map<string, Move>();
  private shown: ReadonlyMap<string, Point> = new Map();

  constructor(private readonly world: World) {}

  /** Where bays were put that are not known to be there. */
  points = (): ReadonlyMap<string, Point> => this.shown;

  /** Shows a bay somewhere; to be saved it takes `save`. */
  put(id: string, point: Point): void {
    const before = this.all.get(id);
    this.all.set(id, before ? Object.assign(before, { point, seq: null }) : { point, timer: null, isSending: false, seq: null, rev: 0 });
    this.tell();
  }

  /** Puts a bay back where it was. */
  drop(id: string): void {
    const move = this.all.get(id);
    if (move?.timer) clearTimeout(move.timer);
    if (this.all.delete(id)) this.tell();
  }

  /** Saves where a bay was put, once it was left alone for so long. */
  save(id: string, afterMs: number): void {
    const move = this.all.get(id);
    if (!move) return;
    if (move.timer) clearTimeout(move.timer);
    move.timer = setTimeout(() => {
      move.timer = null;
      void this.send(id, move);
    }, afterMs);
  }

  /** Saves at once what waits: nobody will be there any more to see to it. */
  flush(): void {
    for (const [id, move] of this.all) {
      if (!move.timer) continue;
      clearTimeout(move.timer);
      move.timer = null;
      void this.send(id, move);
    }
  }

  /** The log was followed on: what has come true is forgotten here. */
  settle(): void {
    const seq = this.world.seq();
    const done = [...this.all].filter(([, move]) => move.seq !== null && move.seq <= seq);
    for (const [id] of done) this.all.delete(id);
    if (done.length > 0) this.tell();
  }

  private async send(id: string, move: Move): Promise<void> {
    // One save of a bay after the other: the next is over the rev that this one leaves.
    if (move.isSending) return;
    move.isSending = true;
    try {
      while (move.seq === null && !move.timer && this.all.get(id) === move) {
        const slot = this.world.slot(id);
        if (!slot) return this.drop(id);
        const { point } = move;
        const { rev, seq } = await this.world.send(slot, Math.max(slot.rev, move.rev), point);
        move.rev = rev;
        if (move.point === point) move.seq = seq;
      }
      this.settle();
    } catch (error) {
      this.drop(id);
      this.world.failed(error);
    } finally {
      move.isSending = false;
    }
  }

  private tell(): void {
    this.shown = new Map([...this.all].map(([id, { point }]) => [id, point]));
    this.world.changed();
  }
}
