// The wall: what each camera saw last, how long ago, and whether it is still with us; or how all of them are doing, as a table.
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "../i18n";
import { Link } from "wouter";
import type { Camera } from "../api/types";
import { useFormat, useMay } from "../session";
import { useAddress } from "../ui/address";
import { Icon } from "../ui/icons";
import { Empty, PageHead } from "../ui/Page";
import { Segments } from "../ui/Segments";
import { useNow } from "../ui/now";
import { CameraBadge, conditionOf } from "./CameraBadge";
import { FleetTable } from "./FleetTable";
import { useCameras } from "./known";
import { useNewest, useVisible } from "./newest";
import "./cameras.css";

const AddCamera = lazy(() => import("./AddCamera"));
const VIEWS = ["wall", "table"] as const;
const THUMBNAIL_WIDTH = 640;

export default function CamerasPage() {
  const { t } = useTranslation();
  const all = useCameras();
  const isAdmin = useMay("admin");
  const [isAdding, setIsAdding] = useState(false);
  const { get, set } = useAddress();
  const view = get("view") === "table" ? "table" : "wall";
  const well = all.filter((camera) => conditionOf(camera) === "online").length;
  return (
    <>
      <PageHead title={t("nav.cameras")} note={all.length > 0 ? t("cameras.summary", { total: all.length, well }) : undefined}>
        {all.length > 0 && (
          <Segments label={t("lot.view")} value={view} options={VIEWS.map((name) => [name, t(`cameras.views.${name}`)])} onChange={(next) => set({ view: next === "table" ? next : "" })} />
        )}
        {isAdmin && (
          <button className="button primary" type="button" onClick={() => setIsAdding(true)}>
            <Icon name="plus" size={18} />
            {t("cameras.add")}
          </button>
        )}
      </PageHead>
      {all.length === 0 ? (
        <div className="card">
          <Empty title={t("cameras.none")}>{isAdmin && <p>{t("cameras.noneAdmin")}</p>}</Empty>
        </div>
      ) : view === "table" ? (
        <FleetTable cameras={all} />
      ) : (
        <ul className="wall">
          {all.map((camera) => (
            <Tile key={camera.id} camera={camera} />
          ))}
        </ul>
      )}
      {isAdding && (
        <Suspense fallback={null}>
          <AddCamera onClose={() => setIsAdding(false)} />
        </Suspense>
      )}
    </>
  );
}

function Tile({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow();
  const [frame, isVisible] = useVisible();
  const capture = useNewest(camera, isVisible);
  return (
    <li ref={frame} className="dims">
      <Link href={`/cameras/${camera.id}`} className="camera" data-status={camera.status}>
        <div className="camera-picture">
          {capture ? (
            <img src={`${capture.url}?w=${THUMBNAIL_WIDTH}`} alt="" width={capture.width} height={capture.height} decoding="async" />
          ) : (
            <span className="camera-blank">
              <Icon name="cameras" size={32} />
              {camera.contact?.capture_id ? "" : t("cameras.noPicture")}
            </span>
          )}
          <CameraBadge camera={camera} />
          {(camera.blind_slots?.length ?? 0) > 0 && <span className="badge bad num camera-blind">{t("cameras.blind", { count: camera.blind_slots?.length ?? 0, number: camera.blind_slots?.length })}</span>}
        </div>
        <span className="camera-line">
          <strong>{camera.name}</strong>
          <span className="fine">{camera.zone === null ? "" : t("lot.zone", { zone: camera.zone })}</span>
          <span className="fine num camera-age">{capture ? format.ago(capture.captured_at, now) : "–"}</span>
        </span>
      </Link>
    </li>
  );
}
