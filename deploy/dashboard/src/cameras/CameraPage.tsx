// One camera: its pictures back in time, how it is doing, and what an administrator may do with it.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useMemo, useState } from "react";
import { useTranslation } from "../i18n";
import { Link, useParams } from "wouter";
import { answer, api } from "../api/client";
import type { Camera, Event } from "../api/types";
import { useEvents, useView } from "../live/context";
import { useFormat, useMay, useSession } from "../session";
import { Icon } from "../ui/icons";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import { useNow } from "../ui/now";
import { CameraAdmin } from "./CameraAdmin";
import { CameraBadge } from "./CameraBadge";
import { CameraHealth } from "./CameraHealth";
import { useCameras } from "./known";
import { Pin } from "./Pin";
import { Shoot } from "./Shoot";
import "./cameras.css";

const PAGE = 120;

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
  const { lotId } = useSession();
  const format = useFormat();
  const now = useNow();
  const isAdmin = useMay("admin");
  const isAttendant = useMay("attendant");
  /** The picture that is looked at; null follows the newest. */
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useInfiniteQuery({
    queryKey: ["captures", lotId, camera.id],
    initialPageParam: "",
    queryFn: async ({ pageParam }) => {
      const page = await api.GET("/api/captures", {
        params: { query: { lot: lotId, camera: camera.id, limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) } },
      });
      return { captures: answer(page), next: page.response.headers.get("Next-Cursor") };
    },
    getNextPageParam: (page) => page.next,
  });
  const { refetch } = list;
  useEvents(
    useCallback(
      (events: readonly Event[]) => {
        const isOurs = (event: Event) => event.kind === "capture.added" && event.data.capture.camera === camera.id;
        if (events.some(isOurs)) void refetch();
      },
      [camera.id, refetch],
    ),
  );

  // Oldest first: the slider goes from the past on the left to now on the right.
  const captures = useMemo(() => (list.data?.pages.flatMap((page) => page.captures) ?? []).toReversed(), [list.data]);
  const found = captures.findIndex((capture) => capture.id === chosen);
  const at = found < 0 ? captures.length - 1 : found;
  const capture = captures[at];
  const show = (index: number) => setChosen(index >= captures.length - 1 ? null : (captures[Math.max(0, index)]?.id ?? null));

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
            <strong className="num">{t("cameras.blind", { number: camera.blind_slots?.length })}.</strong> {t("cameras.blindWhy", { slots: camera.blind_slots?.join(", ") })}
          </p>
        </div>
      )}
      <div className="camera-page">
        <section className="card viewer dims" aria-label={t("cameras.pictures")}>
          {list.isError && <Failed error={list.error} onRetry={() => void refetch()} />}
          {list.isPending && <Waiting height={420} />}
          {list.data && !capture && <Empty title={t("cameras.noPicture")} />}
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
                  {isAttendant && <Pin capture={capture} onDone={() => void refetch()} />}
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
              <div className="spread fine num">
                <span>{captures[0] && format.time(captures[0].captured_at, now)}</span>
                <span className="row">
                  {list.hasNextPage && (
                    <button className="button small" type="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                      {t("cameras.older")}
                    </button>
                  )}
                  {isAttendant && <Shoot camera={camera} />}
                  <button className="button small" type="button" disabled={chosen === null} onClick={() => setChosen(null)}>
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
