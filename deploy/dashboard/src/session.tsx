// Who is looking, at which lot: what every page may ask.
import { createContext, use } from "react";
import type { Identity, Lot, Role } from "./api/types";
import { isAtLeast } from "./api/types";
import type { Format } from "./i18n/format";
import { useFormatIn } from "./i18n/format";
import { useView } from "./live/context";

export interface Session {
  /** Null for somebody without a login, where reading is public. */
  identity: Identity | null;
  lotId: string;
  lots: readonly Lot[];
  chooseLot: (id: string) => void;
  logIn: () => void;
  logOut: () => Promise<void>;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("there is no session around this component");
  return session;
}

/** Whether the caller may do what needs this role. */
export function useMay(role: Role): boolean {
  return isAtLeast(useSession().identity?.role ?? null, role);
}

/** Formats for people, in the time zone of the lot. */
export function useFormat(): Format {
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  return useFormatIn(timeZone);
}
