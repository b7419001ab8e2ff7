// The icons, drawn on 24 by 24; they say nothing that a word beside them does not.
import type { SlotKind, SlotState } from "../api/types";

const PATHS = {
  lot: "M4 4h16v16H4zM9.5 17V7h3.2a3.1 3.1 0 0 1 0 6.2H9.5",
  cameras: "M3 8.5A2.5 2.5 0 0 1 5.5 6h8A2.5 2.5 0 0 1 16 8.5v7a2.5 2.5 0 0 1-2.5 2.5h-8A2.5 2.5 0 0 1 3 15.500zM16 11l5-3v8l-5-3",
  history: "M4 19V5M4 19h16M8 15l3.500-4 3 2.500L19 7.500",
  sessions: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  events: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  setup: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.500v5M9 14.500v5",
  tokens: "M14.500 13.500a4.500 4.500 0 1 0-4-4L4 16v4h4v-2.500h2.500V15z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.500l4.500 4.500L19 7.500",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  user: "M12 12.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.500 20a7.500 7.500 0 0 1 15 0",
  download: "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M5 20h14",
  chevron: "M8 10l4 4 4-4",
  upload: "M12 16V5M7.500 9 12 4.500 16.500 9M5 20h14",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  warning: "M12 4 2.500 20h19zM12 10v4.500M12 17.300h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Shapes of the states, on 16 by 16: a ring, a car from above, a diamond, a cross, a question. */
const MARKS: Record<SlotState, string> = {
  free: "M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zm0 2.200a3.300 3.300 0 1 1 0 6.600 3.300 3.300 0 0 1 0-6.600z",
  occupied: "M5.600 1.500h4.800a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H5.600a2 2 0 0 1-2-2v-9a2 2 0 0 1 2-2zM5.200 5l.600 2h4.400l.600-2zM5.600 10.800v1.400h4.800v-1.400z",
  reserved: "M8 1.800 14.200 8 8 14.200 1.800 8z",
  closed: "M3.300 1.900 8 6.600l4.700-4.700 1.400 1.400L9.400 8l4.700 4.700-1.400 1.400L8 9.400l-4.700 4.700-1.400-1.400L6.600 8 1.900 3.300z",
  unknown: "M8 1.700c2.400 0 4.200 1.500 4.200 3.700 0 2.800-3 3-3 5H6.800c0-3.200 2.900-3.300 2.900-5 0-.900-.700-1.500-1.700-1.500S6.300 4.600 6.200 5.700H3.800C3.900 3.300 5.600 1.700 8 1.700zM6.700 11.800h2.600v2.500H6.700z",
};

export function markPath(state: SlotState): string {
  return MARKS[state];
}

export function StateMark({ state, size = 14 }: { state: SlotState; size?: number }) {
  return (
    <svg className="mark" data-state={state} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      <path d={MARKS[state]} fillRule="evenodd" />
    </svg>
  );
}

/** Shapes of the kinds, on 16 by 16; a standard slot has none. */
const KIND_MARKS: Record<Exclude<SlotKind, "standard">, string> = {
  accessible:
    "M7 1.500a1.500 1.500 0 1 1 0 3 1.500 1.500 0 0 1 0-3zM6.200 5.300h1.700l.200 2.200h3v1.400H8.200l.100.900h3l1.600 3.300-1.300.600-1.200-2.500H6.900zM5.500 7.900l.200 1.400a3 3 0 1 0 4 3.700l.700 1.300a4.400 4.400 0 1 1-4.900-6.400z",
  ev: "M9.300 1 3.500 9h3.700L6.500 15l6-8.500H8.600z",
  motorcycle:
    "M3.500 8.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6zm9 0a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM3.500 10.200a1.300 1.300 0 1 0 0 2.600 1.300 1.300 0 0 0 0-2.600zm9 0a1.300 1.300 0 1 0 0 2.600 1.300 1.300 0 0 0 0-2.600zM8.500 3h3l1.300 5-1.400.400-1-3.900H8.500zM4 6h5l1.500 3.500-3 2.300L6 8H4z",
  delivery: "M1 3.500h8.500v8H1zM10.300 5.500h2.700l2 3v3h-4.700zM4 10.500a1.900 1.900 0 1 1 0 3.800 1.900 1.900 0 0 1 0-3.800zm8 0a1.900 1.900 0 1 1 0 3.800 1.900 1.900 0 0 1 0-3.800z",
  staff: "M8 1.500a3 3 0 1 1 0 6 3 3 0 0 1 0-6zM2.500 14.500c0-3 2.400-5.500 5.500-5.500s5.500 2.500 5.500 5.500z",
};

export function kindPath(kind: SlotKind): string | null {
  return kind === "standard" ? null : KIND_MARKS[kind];
}

export function KindMark({ kind, size = 14 }: { kind: SlotKind; size?: number }) {
  const path = kindPath(kind);
  if (!path) return null;
  return (
    <svg className="kind-mark" viewBox="0 0 16 16" width={size} height={size} aria-hidden="true">
      <path d={path} fillRule="evenodd" />
    </svg>
  );
}
