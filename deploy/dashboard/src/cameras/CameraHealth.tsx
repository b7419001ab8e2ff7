// How a camera is doing: what it says of itself, when it was heard, and how regularly its pictures come.
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "../i18n";
import { answer, api } from "../api/client";
import type { Camera, Capture, Event } from "../api/types";
import { useFormat, useSession } from "../session";
import { useNow } from "../ui/now";
import { CameraBadge } from "./CameraBadge";
import { HealthCharts } from "./HealthCharts";
import { PictureChart } from "./PictureChart";
import { resetWord } from "./told";

const CHANGES_SHOWN = 6;
const KINDS = ["camera.status", "camera.frozen", "camera.moved"] as const;
/** Of each kind, those of all cameras of the lot among which this one's are looked for. */
const CHANGES_ASKED = 200;

export function CameraHealth({ camera, captures }: { camera: Camera; captures: readonly Capture[] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const { contact } = camera;
  const health = contact?.health;
  const facts: [string, string | null][] = [
    [t("cameras.seen"), contact ? format.ago(contact.seen_at, now) : t("cameras.conditions.never")],
    [t("cameras.interval"), format.duration(camera.interval_s * 1_000)],
    [t("cameras.signal"), health?.rssi_dbm == null ? null : `${format.number(health.rssi_dbm)} dBm`],
    [t("cameras.uptime"), health?.uptime_s == null ? null : format.duration(health.uptime_s * 1_000)],
    [t("cameras.heap"), health?.free_heap_bytes == null ? null : format.bytes(health.free_heap_bytes)],
    [t("cameras.queue"), health?.queue_depth == null ? null : format.number(health.queue_depth)],
    [t("cameras.reset"), resetWord(t, health)],
    [t("cameras.firmware"), health?.firmware ?? null],
  ];
  return (
    <section className="card stack" aria-labelledby="health-title">
      <h2 id="health-title">{t("cameras.health")}</h2>
      <dl className="health">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="num">{value ?? <span className="fine">{t("cameras.untold")}</span>}</dd>
          </div>
        ))}
      </dl>
      <HealthCharts camera={camera} />
      {captures.length > 1 && <PictureChart camera={camera} captures={captures} />}
      <StatusChanges camera={camera} />
    </section>
  );
}

function StatusChanges({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const format = useFormat();
  const now = useNow();
  const { data } = useQuery({
    queryKey: ["camera-changes", lotId, camera.id, camera.rev],
    queryFn: () => Promise.all(KINDS.map((kind) => api.GET("/api/events", { params: { query: { lot: lotId, kind, limit: CHANGES_ASKED } } }).then(answer))),
  });
  const all = (data ?? []).flatMap(({ events }) => events).sort((a, b) => a.seq - b.seq);
  const events = all.filter((event): event is Event & { data: { camera: Camera } } => {
    return "at" in event && "camera" in event.data && event.data.camera.id === camera.id;
  });
  if (events.length === 0) return null;
  return (
    <div>
      <h3>{t("cameras.changes")}</h3>
      <ol className="status-changes">
        {events.slice(-CHANGES_SHOWN).toReversed().map((event) => (
          <li key={event.seq} className="spread">
            <CameraBadge camera={{ ...event.data.camera, contact: { seen_at: event.at } }} />
            <time className="fine num" dateTime={event.at}>
              {format.time(event.at, now)}
            </time>
          </li>
        ))}
      </ol>
    </div>
  );
}
