// One camera: its pictures back in time, how it is doing, and what an administrator may do with it.
import { useState } from "react";
import { useTranslation } from "../i18n";
import { Link, useParams } from "wouter";
import type { Camera, Capture } from "../api/types";
import { instant } from "../i18n/zone";
import { useView } from "../live/context";
import { useFormat, useMay } from "../session";
import { Icon } from "../ui/icons";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import { useNow } from "../ui/now";
import { CameraAdmin } from "./CameraAdmin";
import { CameraBadge } from "./CameraBadge";
import { CameraHealth } from "./CameraHealth";
import { useCameras } from "./known";
import { usePictures } from "./pictures";
import { Pin } from "./Pin";
import { Shoot } from "./Shoot";
import "./cameras.css";

export default function CameraPage() {
  const { t } = useTranslation();
  const { camera: id = "" } = useParams();
  const camera = useCameras().find((each) => each.id === id);
  const isLoaded = useView((view) => view.lot !== null);
  if (!camera) {
    if (!isLoaded) return <Waiting height={480} />;
    return (
      <Empty title={t("cameras.gone")}>
        <Link href="/cameras">{t("nav.cameras")}</Link>
      </Empty>
    );
  }
  return <Known camera={camera} />;
}

function Known({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const isAdmin = useMay("admin");
  const isAttendant = useMay("attendant");
  /** The picture that is looked at; null follows the newest. */
  const [chosen, setChosen] = useState<string | null>(null);
  const timeZone = useView((view) => view.lot?.lot.time_zone ?? "UTC");
  const [moment, setMoment] = useState("");
  const around = instant(moment, timeZone);
  // Oldest first: the slider goes from the past on the left to now on the right.
  const { list, captures, replace } = usePictures(camera, around);
  const found = captures.findIndex((capture) => capture.id === chosen);
  const at = found < 0 ? lastBefore(captures, around) : found;
  const capture = captures[at];
  const show = (index: number) => setChosen(index >= captures.length - 1 && around === null ? null : (captures[Math.max(0, index)]?.id ?? null));
  const goTo = (next: string) => {
    setMoment(next);
    setChosen(null);
  };

  return (
    <>
      <PageHead title={camera.name} note={[camera.id, camera.zone && t("lot.zone", { zone: camera.zone })].filter(Boolean).join(" · ")}>
        <CameraBadge camera={camera} />
        {isAdmin && (
          <Link href={`/cameras/${camera.id}/regions`} className="button">
            {t("regions.open")}
          </Link>
        )}
        <Link href="/cameras" className="button">
          {t("cameras.all")}
        </Link>
      </PageHead>
      {(camera.blind_slots?.length ?? 0) > 0 && (
        <div className="notice" role="status">
          <Icon name="warning" />
          <p>
            <strong className="num">{t("cameras.blind", { count: camera.blind_slots?.length ?? 0, number: camera.blind_slots?.length })}.</strong> {t("cameras.blindWhy", { slots: camera.blind_slots?.join(", ") })}
          </p>
        </div>
      )}
      <div className="camera-page">
        <section className="card viewer dims" aria-label={t("cameras.pictures")}>
          {list.isError && <Failed error={list.error} onRetry={() => void list.refetch()} />}
          {list.isPending && <Waiting height={420} />}
          {list.data && !capture && (
            <Empty title={t("cameras.noPicture")}>
              {around !== null && (
                <button className="button small" type="button" onClick={() => goTo("")}>
                  {t("cameras.newest")}
                </button>
              )}
            </Empty>
          )}
          {capture && (
            <>
              <img
                className="viewer-picture"
                src={capture.url}
                width={capture.width}
                height={capture.height}
                alt={t("cameras.pictureOf", { name: camera.name, time: format.dateTime(capture.captured_at) })}
              />
              <div className="spread viewer-line">
                <span className="num">
                  <strong>{format.dateTime(capture.captured_at)}</strong>{" "}
                  <span className="fine">
                    {format.ago(capture.captured_at, now)} · {capture.width}×{capture.height} · {format.bytes(capture.bytes)}
                  </span>
                </span>
                <span className="row wrap">
                  {isAttendant && <Pin capture={capture} onDone={replace} />}
                  <a className="button small" href={capture.url} download={capture.key.split("/").at(-1)}>
                    <Icon name="download" size={18} />
                    {t("cameras.download")}
                  </a>
                </span>
              </div>
              <input
                className="scrub"
                type="range"
                min={0}
                max={captures.length - 1}
                value={at}
                aria-label={t("cameras.scrub")}
                aria-valuetext={format.dateTime(capture.captured_at)}
                onChange={(event) => show(Number(event.target.value))}
              />
              <div className="spread fine num scrub-line">
                <span>{captures[0] && format.time(captures[0].captured_at, now)}</span>
                <span className="row wrap scrub-actions">
                  <label className="row">
                    {t("cameras.goTo")}
                    <input className="input select-small" type="datetime-local" value={moment} onChange={(event) => goTo(event.target.value)} />
                  </label>
                  {list.hasNextPage && (
                    <button className="button small" type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                      {t("cameras.older")}
                    </button>
                  )}
                  {isAttendant && <Shoot camera={camera} />}
                  <button className="button small" type="button" disabled={chosen === null && around === null} onClick={() => goTo("")}>
                    {t("cameras.newest")}
                  </button>
                </span>
              </div>
            </>
          )}
        </section>
        <div className="stack camera-side">
          <CameraHealth camera={camera} captures={captures} />
          {isAdmin && <CameraAdmin camera={camera} />}
        </div>
      </div>
    </>
  );
}

/** The newest picture, or the last one that was taken by then. */
function lastBefore(captures: readonly Capture[], around: number | null): number {
  if (around === null) return captures.length - 1;
  return Math.max(0, captures.findLastIndex(({ captured_at }) => Date.parse(captured_at) <= around));
}
