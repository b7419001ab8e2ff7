// An event as a sentence.
import { useTranslation } from "../i18n";
import type { Event } from "../api/types";
import { conditionOf } from "../cameras/CameraBadge";
import { useFormat } from "../session";
import { StateMark } from "../ui/icons";

export function EventText({ event }: { event: Event }) {
  const { t } = useTranslation();
  const format = useFormat();
  const kind = t(`events.kinds.${event.kind}` as "events.kinds.slot", { defaultValue: t("events.unknown", { kind: event.kind }) });
  switch (event.kind) {
    case "slot.changed":
    case "slot.created": {
      const { slot } = event.data;
      const before = event.audit?.before as { state?: typeof slot.state } | undefined;
      return (
        <>
          <strong>{slot.code}</strong>{" "}
          {event.kind === "slot.created" || !before || before.state ? (
            <span className="state-word">
              <StateMark state={slot.state} />
              {t(`state.${slot.state}`)}
            </span>
          ) : (
            kind
          )}
          {event.kind === "slot.created" && <span className="fine"> {t("slot.created")}</span>}
          {slot.note && <span className="fine"> {slot.note}</span>}
        </>
      );
    }
    case "slot.deleted":
      return (
        <>
          <strong>{event.data.slot.code}</strong> {t("slot.deleted")}
        </>
      );
    case "session.opened":
    case "session.closed": {
      const { session } = event.data;
      return (
        <>
          {kind} <strong>{session.plate ?? session.ticket ?? session.slot_code}</strong>
        </>
      );
    }
    case "capture.expired":
      return (
        <>
          {kind} <strong className="num">{format.number(event.data.captures.length)}</strong> <span className="fine">{format.bytes(event.data.bytes)}</span>
        </>
      );
    case "capture.added":
    case "capture.changed":
    case "capture.deleted": {
      const { capture } = event.data;
      return (
        <>
          {kind} <strong>{capture.camera}</strong> <span className="fine">{format.bytes(capture.bytes)}</span>
        </>
      );
    }
    case "slot.seen": {
      const { sighting } = event.data;
      return (
        <>
          {kind} <strong>{sighting.slot}</strong>{" "}
          <span className="state-word">
            <StateMark state={sighting.state} />
            {t(`state.${sighting.state}`)}
          </span>{" "}
          <span className="fine num">
            {sighting.camera}, {t("why.score", { percent: format.percent(sighting.score) })}
          </span>
        </>
      );
    }
    case "camera.regions":
      return (
        <>
          {kind} <strong>{event.data.regions.camera}</strong> <span className="fine num">{t("regions.slots", { number: event.data.regions.regions.length })}</span>
        </>
      );
    case "camera.status":
    case "camera.frozen":
    case "camera.moved": {
      const { camera } = event.data;
      return (
        <>
          <strong>{camera.name}</strong> {t(`cameras.conditions.${conditionOf({ ...camera, contact: { seen_at: event.at } })}`)}
        </>
      );
    }
    case "camera.created":
    case "camera.changed":
    case "camera.deleted":
      return (
        <>
          {kind} <strong>{event.data.camera.name}</strong>
        </>
      );
    case "firmware.added":
    case "firmware.changed":
    case "firmware.withdrawn": {
      const { version, board } = event.data.firmware;
      return (
        <>
          {kind} <strong>{version}</strong> <span className="fine">{board}</span>
        </>
      );
    }
    case "token.created":
    case "token.revoked":
      return (
        <>
          {kind} <strong>{event.data.token.name}</strong>
        </>
      );
    case "lot.created":
    case "lot.changed":
    case "lot.deleted":
      return (
        <>
          {kind} <strong>{event.data.lot.name}</strong>
        </>
      );
    default:
      return kind;
  }
}
