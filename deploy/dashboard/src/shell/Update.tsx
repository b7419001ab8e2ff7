// Installs the worker that opens the page offline, and offers a newer build when there is one; where nobody could take it, takes it.
import { useCallback, useEffect, useState } from "react";
import { useTranslation } from "../i18n";

/** How often a page that stays open, as on a wall, looks for a newer build. */
const LOOK_MS = 3_600_000;

/** A newer build that waits to be loaded; null while there is none. */
function useNewer(): (() => void) | null {
  const [waiting, setWaiting] = useState<ServiceWorker | null>(null);
  useEffect(() => {
    // Missing on a page without TLS, but for this very machine; and of no use while the page is worked on.
    if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
    let timer: ReturnType<typeof setInterval> | undefined;
    void navigator.serviceWorker
      .register("/worker.js")
      .then((registration) => {
        const look = () => {
          const { installing } = registration;
          installing?.addEventListener("statechange", () => {
            if (installing.state === "installed" && navigator.serviceWorker.controller) setWaiting(installing);
          });
        };
        if (registration.waiting && navigator.serviceWorker.controller) setWaiting(registration.waiting);
        registration.addEventListener("updatefound", look);
        timer = setInterval(() => void registration.update().catch(() => undefined), LOOK_MS);
      })
      .catch(() => undefined);
    return () => clearInterval(timer);
  }, []);
  const load = useCallback(() => {
    navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
    waiting?.postMessage("take-over");
  }, [waiting]);
  return waiting && load;
}

export function Update() {
  const { t } = useTranslation();
  const load = useNewer();
  if (!load) return null;
  return (
    <div className="notice" role="status">
      <p>{t("menu.update")}</p>
      <button className="button small" type="button" onClick={load}>
        {t("menu.updateNow")}
      </button>
    </div>
  );
}

/** For a page without anybody before it. */
export function useUpdates(): void {
  const load = useNewer();
  useEffect(() => load?.(), [load]);
}
