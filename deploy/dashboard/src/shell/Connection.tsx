// The truth about the connection: live, catching up, or since when not, and how old what is shown is.
import { useTranslation } from "../i18n";
import { useLive, useView } from "../live/context";
import { useFormat } from "../session";
import { Icon } from "../ui/icons";
import { useNow } from "../ui/now";

export function ConnectionPill() {
  const { t } = useTranslation();
  const state = useView((view) => view.status.state);
  return (
    <span className="pill" data-link={state} role="status" aria-live="polite">
      <span className="pill-dot" aria-hidden="true" />
      {t(`link.states.${state}`)}
    </span>
  );
}

export function ConnectionNotice() {
  const status = useView((view) => view.status);
  const { t } = useTranslation();
  if (status.degraded !== null && status.state === "live") {
    return (
      <div className="notice" role="status">
        <Icon name="warning" />
        <p>
          {t("link.degraded")}{" "}
          <span className="fine" lang="en">
            {status.degraded}
          </span>
        </p>
      </div>
    );
  }
  if (status.state === "live" || status.offlineSince === null) return null;
  return <Offline />;
}

/** By close code; the other end is daemon/api/src/live.rs. */
const ENDS: Readonly<Record<number, "token" | "lot" | "protocol">> = { 4500: "token", 4504: "lot", 4506: "protocol" };

function Offline() {
  const { t } = useTranslation();
  const { hurry } = useLive();
  const status = useView((view) => view.status);
  const format = useFormat();
  const now = useNow();
  const seconds = status.retryAt === null ? null : Math.max(0, Math.ceil((status.retryAt - now) / 1_000));
  return (
    <div className="notice" data-kind="offline">
      <Icon name="warning" />
      <p>
        <strong>{t("link.since", { time: format.time(status.offlineSince ?? now, now) })}</strong>{" "}
        {status.freshAt !== null && <span>{t("link.age", { age: format.ago(status.freshAt, now) })}. </span>}
        <span className="num">
          {status.state === "refused"
            ? t(`link.ended.${ENDS[status.code ?? 0] ?? "other"}`)
            : seconds === null
              ? t("link.trying")
              : t("link.retry", { seconds })}
        </span>
      </p>
      {status.state === "offline" && (
        <button className="button small" type="button" onClick={hurry}>
          {t("link.now")}
        </button>
      )}
    </div>
  );
}
