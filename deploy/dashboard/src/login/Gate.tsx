// Lets people in: who is known goes on, who is not is asked for a token, and without a network the last known state is shown.
import type { ReactNode } from "react";
import { useCallback, useEffect, useRef, useState } from "react";
import { answer, api, isUnauthenticated, setCsrfToken } from "../api/client";
import type { Identity } from "../api/types";
import type { Kept, Recalled } from "../live/cache";
import { forget, keepIdentity } from "../live/cache";
import { LoginPage } from "./LoginPage";

type Entry = { at: "outside"; isOver: boolean } | { at: "inside"; identity: Identity | null; kept: Kept | null };

export interface Entered {
  identity: Identity | null;
  /** The last state that this device knows. */
  kept: Kept | null;
  logIn: () => void;
  logOut: () => Promise<void>;
  /** Asks again who we are: the server would not greet us. */
  doubt: () => void;
}

interface Props {
  /** What is known from before: nobody waits for an answer to see that. */
  recalled: Recalled | null;
  children: (entered: Entered) => ReactNode;
}

export function Gate({ recalled, children }: Props) {
  const [entry, setEntry] = useState<Entry>(() => (recalled ? { at: "inside", ...recalled } : { at: "outside", isOver: false }));

  const enter = useCallback((identity: Identity | null) => {
    setCsrfToken(identity?.csrf_token ?? null);
    void keepIdentity(identity);
    setEntry((before) => ({ at: "inside", identity, kept: before.at === "inside" ? before.kept : null }));
  }, []);

  const first = useRef(recalled);
  useEffect(() => {
    void identify().then((found) => {
      if (found === "unreachable") return;
      // Who has typed meanwhile goes on typing.
      if (found === "outside") setEntry((before) => (before.at === "outside" ? before : { at: "outside", isOver: Boolean(first.current?.identity) }));
      else enter(found);
    });
  }, [enter]);

  const doubt = useCallback(() => {
    void identify().then((found) => {
      if (found === "outside") setEntry({ at: "outside", isOver: true });
    });
  }, []);
  const logIn = useCallback(() => setEntry({ at: "outside", isOver: false }), []);
  const logOut = useCallback(async () => {
    await api.POST("/api/logout").catch(() => undefined);
    await forget();
    setCsrfToken(null);
    // Everything that is in memory belongs to who has just left.
    location.assign("/");
  }, []);

  if (entry.at === "outside") return <LoginPage isOver={entry.isOver} onDone={enter} />;
  return children({ identity: entry.identity, kept: entry.kept, logIn, logOut, doubt });
}

/** Who the caller is: somebody, nobody where reading is public (null), or somebody who has to log in. */
async function identify(): Promise<Identity | null | "outside" | "unreachable"> {
  const [login, lots] = [api.GET("/api/login"), api.GET("/api/lots")];
  // Asked at once, and of use only when the first is refused.
  lots.catch(() => undefined);
  try {
    return answer(await login);
  } catch (error) {
    if (!isUnauthenticated(error)) return "unreachable";
  }
  try {
    await lots;
    return null;
  } catch (error) {
    return isUnauthenticated(error) ? "outside" : "unreachable";
  }
}
