// The counters alone, as large as the screen allows; readable from afar. Says when they are old instead of showing them as if they were not.
import { useEffect } from "react";
import { useTranslation } from "../i18n";
import { useCounts, useView } from "../live/context";
import { useFormat } from "../session";
import { useUpdates } from "../shell/Update";
import { useNow } from "../ui/now";
import "./kiosk.css";

const ZONES_MAX = 8;

export default function Kiosk() {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { all, zones } = useCounts();
  const name = useView((view) => view.lot?.lot.name);
  const status = useView((view) => view.status);
  useAwake();
  useUpdates();
  if (name === undefined) return null;
  const isLive = status.state === "live";
  const named = [...zones].flatMap(([zone, tally]) => (zone === null ? [] : [{ zone, tally }])).slice(0, ZONES_MAX);
  return (
    <main className="kiosk" data-link={status.state}>
      <h1>{name}</h1>
      <p className="kiosk-total num">
        <strong data-testid="free-total">{format.number(all.free)}</strong>
        <span>{t("state.free")}</span>
      </p>
      {named.length > 1 && (
        <ul className="kiosk-zones">
          {named.map(({ zone, tally }) => (
            <li key={zone} data-full={tally.free === 0 || undefined}>
              <span>{zone}</span>
              <strong className="num">{format.number(tally.free)}</strong>
            </li>
          ))}
        </ul>
      )}
      <p className="kiosk-foot num" role="status">
        {isLive
          ? format.clock(now)
          : `${t(`link.states.${status.state}`)}${status.freshAt === null ? "" : ` · ${t("link.age", { age: format.ago(status.freshAt, now) })}`}`}
      </p>
    </main>
  );
}

/** A sign must not go dark; where the browser cannot promise that, it does not. */
function useAwake() {
  useEffect(() => {
    const wake = () => {
      if (document.visibilityState === "visible" && "wakeLock" in navigator) navigator.wakeLock.request("screen").catch(() => undefined);
    };
    wake();
    document.addEventListener("visibilitychange", wake);
    return () => document.removeEventListener("visibilitychange", wake);
  }, []);
}
