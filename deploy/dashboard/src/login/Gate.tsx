// Lets people in: who is known goes on, who is not is asked for a token, and without a network the last known state is shown.
import type { ReactNode } from "react";
import { useCallback, useEffect, useState } from "react";
import { answer, api, isUnauthenticated, setCsrfToken } from "../api/client";
import type { Identity } from "../api/types";
import { forget, keepIdentity, keptIdentity } from "../live/cache";
import { LoginPage } from "./LoginPage";

type Entry = { at: "asking" } | { at: "outside"; isOver: boolean } | { at: "inside"; identity: Identity | null };

export interface Inside {
  identity: Identity | null;
  logIn: () => void;
  logOut: () => Promise<void>;
  /** Asks again who we are: the server would not greet us. */
  doubt: () => void;
}

export function Gate({ children }: { children: (inside: Inside) => ReactNode }) {
  const [entry, setEntry] = useState<Entry>({ at: "asking" });

  const enter = useCallback((identity: Identity | null) => {
    setCsrfToken(identity?.csrf_token ?? null);
    void keepIdentity(identity);
    setEntry({ at: "inside", identity });
  }, []);

  useEffect(() => {
    void (async () => {
      const asked = identify();
      // Nobody waits for the answer: who was here before sees the last known state, and who was not will have to log in.
      const kept = await keptIdentity();
      setEntry(kept === null ? { at: "outside", isOver: false } : { at: "inside", identity: kept === "anonymous" ? null : kept });
      const found = await asked;
      if (found === "unreachable") return;
      if (found === "outside") setEntry({ at: "outside", isOver: kept !== null && kept !== "anonymous" });
      else enter(found);
    })();
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

  if (entry.at === "asking") return null;
  if (entry.at === "outside") return <LoginPage isOver={entry.isOver} onDone={enter} />;
  return children({ identity: entry.identity, logIn, logOut, doubt });
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
