// The followed lot for components: one store per lot, alive while it is on screen.
import type { ReactNode } from "react";
import { createContext, use, useCallback, useEffect, useEffectEvent, useMemo, useSyncExternalStore } from "react";
import type { Slot } from "../api/types";
import type { Kept } from "./cache";
import { keepLot } from "./cache";
import type { Counts } from "./counts";
import { Link } from "./link";
import type { EventListener, Pending, View } from "./store";
import { LotStore } from "./store";

/** How often the last known state is written down while it changes. */
const KEEP_MS = 5_000;
/** How often a page that nobody sees takes changes over: painted frames do not come there. */
const HIDDEN_MS = 250;
/** From one drawing of changes to the next: the first is drawn at once, and those of a busy lot a few at a time. */
const DRAWN_MS = 50;

interface Live {
  store: LotStore;
  hurry: () => void;
}

const LiveContext = createContext<Live | null>(null);

interface Props {
  lotId: string;
  kept: Kept | null;
  onDoubt: () => void;
  /** Each time that the connection becomes live. */
  onMet: () => void;
  children: ReactNode;
}

export function LiveLot({ lotId, kept, onDoubt, onMet, children }: Props) {
  const live = useMemo(() => {
    const store = new LotStore(kept?.lot ?? null, scheduler());
    let isLive = false;
    const link = new Link(lotId, kept?.lot ?? null, kept?.freshAt ?? null, {
      connect: (path) => new WebSocket(`${location.origin.replace(/^http/, "ws")}${path}`),
      now: () => Date.now(),
      random: () => Math.random(),
      changed: (step, status) => {
        store.accept(step, status);
        if (!isLive && status.state === "live") onMet();
        isLive = status.state === "live";
      },
      doubted: onDoubt,
    });
    return { store, link, hurry: () => link.hurry() };
  }, [lotId, kept, onDoubt, onMet]);

  useEffect(() => {
    const { link, store } = live;
    let keptSeq = -1;
    const keep = () => {
      const { lot, status } = store.view();
      if (!lot || !status.freshAt || lot.seq === keptSeq) return;
      keptSeq = lot.seq;
      void keepLot({ lot, freshAt: status.freshAt });
    };
    const show = () => {
      keep();
      if (document.visibilityState === "visible") link.hurry();
    };
    link.start();
    const timer = setInterval(keep, KEEP_MS);
    document.addEventListener("visibilitychange", show);
    window.addEventListener("online", live.hurry);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", show);
      window.removeEventListener("online", live.hurry);
      link.stop();
    };
  }, [live]);

  return <LiveContext value={live}>{children}</LiveContext>;
}

/** A lot that somebody else keeps. For tests. */
export function StoreProvider({ store, children }: { store: LotStore; children: ReactNode }) {
  const live = useMemo(() => ({ store, hurry: () => undefined }), [store]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

function scheduler(): (flush: () => void) => void {
  let drawnAt = 0;
  return (flush) => {
    if (document.visibilityState !== "visible") return void setTimeout(flush, HIDDEN_MS);
    const draw = () =>
      requestAnimationFrame(() => {
        drawnAt = performance.now();
        flush();
      });
    const wait = drawnAt + DRAWN_MS - performance.now();
    if (wait > 0) setTimeout(draw, wait);
    else draw();
  };
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (!live) throw new Error("there is no live lot around this component");
  return live;
}

/** A part of the view; `select` must answer the same object for the same state. */
export function useView<T>(select: (view: View) => T): T {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribe, () => select(store.view()));
}

export function useCounts(): Counts {
  const { store } = useLive();
  return useSyncExternalStore(store.subscribe, store.counts);
}

export function useSlot(id: string): [Slot | undefined, Pending | undefined] {
  const { store } = useLive();
  const subscribe = useCallback((listener: () => void) => store.subscribeSlot(id, listener), [store, id]);
  const slot = useSyncExternalStore(subscribe, () => store.slot(id));
  const pending = useSyncExternalStore(subscribe, () => store.view().pending.get(id));
  return [slot, pending];
}

/** Calls `listener` with each run of events as it comes. */
export function useEvents(listener: EventListener): void {
  const { store } = useLive();
  const hear = useEffectEvent(listener);
  useEffect(() => store.subscribeEvents((events, isWhole) => hear(events, isWhole)), [store]);
}
