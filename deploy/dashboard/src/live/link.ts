// Keeps one live connection to the daemon: opens it, notices when it is dead, and opens it again. Decides nothing about the lot.
import { STABLE_MS, wait } from "./backoff";
import type { End, Follower, Step } from "./follower";
import { closed, follow, open, step } from "./follower";
import { parse } from "./frames";
import type { LotState } from "./lot";

/** Longest wait for the handshake and the first frame. */
const GREETING_MS_MAX = 10_000;
/** How often the clock is looked at; after a sleep it has jumped. */
const WATCH_MS = 1_000;

export type LinkState = "connecting" | "catching_up" | "live" | "offline" | "refused";

/** How the connection is, for people. */
export interface LinkStatus {
  readonly state: LinkState;
  /** When the connection was lost, while it is. */
  readonly offlineSince: number | null;
  readonly retryAt: number | null;
  /** When it was last known that nothing newer exists. */
  readonly freshAt: number | null;
  readonly reason: string | null;
  /** The code with which the server ended it for good, if it did. */
  readonly code: number | null;
  /** Why the daemon refuses writes, while it does. */
  readonly degraded: string | null;
}

/** The part of a WebSocket that is used here. */
export type Socket = Pick<WebSocket, "close" | "onmessage" | "onclose">;

export interface LinkWorld {
  connect(path: string): Socket;
  now(): number;
  random(): number;
  /** After each frame, and whenever the status changed. */
  changed(step: Step | null, status: LinkStatus): void;
  /** The server would not even greet: it may be that we are no longer let in. */
  doubted(): void;
}

export class Link {
  private follower: Follower;
  private status: LinkStatus;
  private socket: Socket | null = null;
  private openedAt = 0;
  private heardAt = 0;
  private liveAt: number | null = null;
  private attempt = 0;
  private retry: ReturnType<typeof setTimeout> | null = null;
  private watch: ReturnType<typeof setInterval> | null = null;

  constructor(
    lotId: string,
    lot: LotState | null,
    freshAt: number | null,
    private readonly world: LinkWorld,
  ) {
    this.follower = follow(lotId, lot);
    this.status = { state: "connecting", offlineSince: null, retryAt: null, freshAt, reason: null, code: null, degraded: null };
  }

  start(): void {
    this.watch ??= setInterval(() => this.look(), WATCH_MS);
    this.open();
  }

  stop(): void {
    if (this.watch) clearInterval(this.watch);
    if (this.retry) clearTimeout(this.retry);
    this.watch = this.retry = null;
    this.drop();
  }

  /** Somebody is back at the screen, or the network is: no use in waiting on. */
  hurry(): void {
    this.look();
    if (!this.retry) return;
    clearTimeout(this.retry);
    this.retry = null;
    this.open();
  }

  private open(): void {
    this.follower = open(this.follower);
    const { asked, lotId } = this.follower;
    const cursor = asked ? `&epoch=${encodeURIComponent(asked.epoch)}&after=${asked.seq}` : "";
    this.openedAt = this.heardAt = this.world.now();
    this.liveAt = null;
    const socket = this.world.connect(`/ws?lot=${encodeURIComponent(lotId)}${cursor}`);
    this.socket = socket;
    socket.onmessage = (message) => {
      if (this.socket === socket) this.hear(String(message.data));
    };
    socket.onclose = ({ code, reason }) => {
      if (this.socket === socket) this.end(closed(code, reason));
    };
    this.tell({ retryAt: null });
  }

  private hear(text: string): void {
    this.heardAt = this.world.now();
    let done: Step;
    try {
      const frame = parse(text);
      if (!frame) return;
      done = step(this.follower, frame);
    } catch (error) {
      return this.end({ reason: String(error), code: null, isForGood: false, retryAfterMs: 0 });
    }
    this.follower = done.follower;
    const isLive = this.follower.phase.at === "live";
    if (isLive) this.liveAt ??= this.heardAt;
    const state = isLive ? "live" : "catching_up";
    const freshAt = isLive ? this.heardAt : this.status.freshAt;
    const offlineSince = isLive ? null : this.status.offlineSince;
    this.status = { state, offlineSince, retryAt: null, freshAt, reason: null, code: null, degraded: this.follower.degraded };
    this.world.changed(done, this.status);
    if (done.end) this.end(done.end);
  }

  private end(end: End): void {
    const now = this.world.now();
    const isGreeted = this.follower.phase.at !== "opened";
    this.drop();
    const offlineSince = this.status.offlineSince ?? now;
    if (end.isForGood) {
      this.tell({ state: "refused", offlineSince, reason: end.reason, code: end.code, retryAt: null });
      return this.world.doubted();
    }
    if (this.liveAt !== null && now - this.liveAt >= STABLE_MS) this.attempt = 0;
    const ms = wait(this.attempt, end.retryAfterMs, this.world.random());
    this.attempt += 1;
    this.retry = setTimeout(() => {
      this.retry = null;
      this.open();
    }, ms);
    this.tell({ state: "offline", offlineSince, reason: end.reason, retryAt: now + ms });
    if (!isGreeted) this.world.doubted();
  }

  /** Gives a silent connection up. */
  private look(): void {
    if (!this.socket) return;
    const now = this.world.now();
    const isGreeted = this.follower.phase.at !== "opened";
    const isDead = isGreeted ? now - this.heardAt > this.follower.deadAfterMs : now - this.openedAt > GREETING_MS_MAX;
    if (isDead) this.end({ reason: "nothing was heard of the server", code: null, isForGood: false, retryAfterMs: 0 });
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  private tell(change: Partial<LinkStatus>): void {
    this.status = { ...this.status, ...change };
    this.world.changed(null, this.status);
  }
}
