// Lets people in: who is known goes on, who is not is asked for a token, and without a network the last known state is shown.
import type { ReactNode } from "react";
import { useCallback, useEffect, useRef, useState } from "react";
import { answer, api, isUnauthenticated, onDoubt, setCsrfToken } from "../api/client";
import type { Identity, Lot } from "../api/types";
import type { Kept, Recalled } from "../live/cache";
import { forget, keepIdentity } from "../live/cache";
import { LoginPage } from "./LoginPage";

type Entry = { at: "outside"; isOver: boolean } | { at: "inside"; identity: Identity | null; lots: readonly Lot[] | null; kept: Kept | null };

/** How often the login is renewed, which the server does once it is an hour old. */
const RENEW_MS = 30 * 60_000;

export interface Entered {
  identity: Identity | null;
  /** Null while nobody has told which there are. */
  lots: readonly Lot[] | null;
  /** The last state that this device knows. */
  kept: Kept | null;
  logIn: () => void;
  /** Throws when the daemon did not take the login back: it goes on then. */
  logOut: () => Promise<void>;
  /** Asks again who we are: the server would not greet us. */
  doubt: () => Promise<void>;
  /** The server greets us: who was shown what is known from before is identified now. */
  met: () => void;
}

interface Props {
  /** What is known from before: nobody waits for an answer to see that. */
  recalled: Recalled | null;
  children: (entered: Entered) => ReactNode;
}

export function Gate({ recalled, children }: Props) {
  const [entry, setEntry] = useState<Entry>(() => (recalled ? { at: "inside", lots: null, ...recalled } : { at: "outside", isOver: false }));
  /** Whether the daemon has said who we are: only then changes are let through. */
  const isIdentified = useRef(false);
  const asking = useRef<Promise<void> | null>(null);
  const doubts = useRef(0);

  const enter = useCallback((identity: Identity | null, lots: readonly Lot[] | null) => {
    isIdentified.current = true;
    setCsrfToken(identity?.csrf_token ?? null);
    void keepIdentity(identity);
    setEntry((before) => ({ at: "inside", identity, lots, kept: before.at === "inside" ? before.kept : null }));
  }, []);

  const ask = useCallback(async () => {
    let found: Awaited<ReturnType<typeof identify>>;
    let before: number;
    do {
      before = doubts.current;
      found = await identify();
    } while (found === "unreachable" && before !== doubts.current);
    if (found === "unreachable") return;
    if (found !== "outside") return enter(found.identity, found.lots);
    isIdentified.current = false;
    // Who has typed meanwhile goes on typing.
    setEntry((entry) => (entry.at === "outside" ? entry : { at: "outside", isOver: entry.identity !== null }));
  }, [enter]);
  const doubt = useCallback(() => {
    doubts.current += 1;
    asking.current ??= ask().finally(() => (asking.current = null));
    return asking.current;
  }, [ask]);
  const met = useCallback(() => {
    if (!isIdentified.current) void doubt();
  }, [doubt]);
  useEffect(() => {
    onDoubt(doubt);
    void doubt();
  }, [doubt]);

  const isInside = entry.at === "inside";
  useEffect(() => {
    if (!isInside) return;
    // Who asks who they are has their login renewed: a screen on a wall stays logged in.
    const timer = setInterval(() => void doubt(), RENEW_MS);
    return () => clearInterval(timer);
  }, [isInside, doubt]);

  const logIn = useCallback(() => setEntry({ at: "outside", isOver: false }), []);
  const logOut = useCallback(async () => {
    await api.POST("/api/logout");
    await forget();
    setCsrfToken(null);
    // Everything that is in memory belongs to who has just left.
    location.assign("/");
  }, []);

  if (entry.at === "outside") return <LoginPage isOver={entry.isOver} onDone={(identity) => enter(identity, null)} />;
  return children({ ...entry, logIn, logOut, doubt, met });
}

interface Found {
  /** Null for somebody without a login, where reading is public. */
  identity: Identity | null;
  lots: readonly Lot[];
}

/** Who the caller is, unless he has to log in. */
async function identify(): Promise<Found | "outside" | "unreachable"> {
  const [login, lots] = await Promise.allSettled([api.GET("/api/login").then(answer), api.GET("/api/lots").then(answer)]);
  const isStranger = login.status === "rejected" && isUnauthenticated(login.reason);
  if (lots.status === "rejected") return isStranger && isUnauthenticated(lots.reason) ? "outside" : "unreachable";
  if (login.status === "rejected") return isStranger ? { identity: null, lots: lots.value } : "unreachable";
  return { identity: login.value, lots: lots.value };
}
