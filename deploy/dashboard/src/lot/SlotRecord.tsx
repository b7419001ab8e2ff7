// What is on record of a slot: its stay, its changes and who made them, the newest picture of its zone.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "../i18n";
import { answer, api } from "../api/client";
import type { Event, Slot } from "../api/types";
import { useCameras } from "../cameras/known";
import { useWhy } from "../regions/why";
import { useFormat, useSession } from "../session";
import { StateMark } from "../ui/icons";
import { useNow } from "../ui/now";
import { SlotWhy } from "./SlotWhy";

const EVENTS_SHOWN = 12;
const PICTURE_WIDTH = 640;

export function SlotRecord({ slot }: { slot: Slot }) {
  return (
    <>
      <Sight slot={slot} />
      <Stay slot={slot} />
      <Changes slot={slot} />
    </>
  );
}

/** What cameras make of it, where one has the slot drawn into its picture; else the picture of its zone. */
function Sight({ slot }: { slot: Slot }) {
  const { data, isError } = useWhy(slot.id, slot.rev);
  if (data && data.views.length > 0) return <SlotWhy slot={slot} why={data} />;
  return data || isError ? <Picture slot={slot} /> : null;
}

function Stay({ slot }: { slot: Slot }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const now = useNow();
  const { data } = useQuery({
    queryKey: ["stay", lotId, slot.id, slot.rev],
    queryFn: () => api.GET("/api/sessions", { params: { query: { lot: lotId, slot: slot.id, state: "open", limit: 1 } } }).then(answer),
  });
  const stay = data?.[0];
  return (
    <section>
      <h2>{t("slot.stay")}</h2>
      <p className="muted num">
        {stay
          ? `${t("slot.arrived", { time: format.time(stay.opened_at, now) })} · ${format.duration(now - new Date(stay.opened_at).getTime())}`
          : data && t("slot.noStay")}
      </p>
    </section>
  );
}

function Changes({ slot }: { slot: Slot }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const { data } = useQuery({
    queryKey: ["changes", lotId, slot.id, slot.rev],
    placeholderData: (before) => before,
    queryFn: () => api.GET("/api/events", { params: { query: { lot: lotId, slot: slot.id, limit: EVENTS_SHOWN } } }).then(answer),
  });
  const events = (data?.events ?? []).filter((event): event is Event => "at" in event).reverse();
  return (
    <section>
      <h2>{t("slot.history")}</h2>
      {data && events.length === 0 && <p className="muted">{t("slot.noHistory")}</p>}
      <ol className="changes">
        {events.map((event) => (
          <Change key={event.seq} event={event} />
        ))}
      </ol>
    </section>
  );
}

function Change({ event }: { event: Event }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  if (!("slot" in event.data)) return null;
  const { slot } = event.data;
  return (
    <li>
      <span className="state-word">
        <StateMark state={slot.state} />
        {event.kind === "slot.deleted" ? t("slot.deleted") : t(`state.${slot.state}`)}
      </span>
      <span className="fine">{event.actor.name ?? t(`actor.${event.actor.kind}`)}</span>
      <time className="fine num" dateTime={event.at}>
        {format.time(event.at, now)}
      </time>
      {slot.note && <span className="fine change-note">{slot.note}</span>}
    </li>
  );
}

function Picture({ slot }: { slot: Slot }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const now = useNow();
  const camera = useCameras().find((each) => each.zone !== null && each.zone === slot.zone);
  const newest = camera?.contact?.capture_id;
  const { data } = useQuery({
    queryKey: ["capture", lotId, newest],
    enabled: camera !== undefined && Boolean(newest),
    queryFn: () => api.GET("/api/captures/{capture}", { params: { path: { capture: newest ?? "" }, query: { lot: lotId } } }).then(answer),
    placeholderData: (before) => before,
  });
  if (!camera) return null;
  return (
    <section>
      <h2>{t("slot.picture")}</h2>
      {data ? (
        <figure className="panel-picture">
          <img src={`${data.url}?w=${PICTURE_WIDTH}`} alt={camera.name} width={data.width} height={data.height} />
          <figcaption className="fine">
            {camera.name} · {format.ago(data.captured_at, now)}
          </figcaption>
        </figure>
      ) : (
        <div className="skeleton panel-picture-wait" />
      )}
    </section>
  );
}
