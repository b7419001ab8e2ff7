// Where one camera sees which slot: its newest picture, to be drawn on.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { Link, useParams } from "wouter";
import { answer, api } from "../api/client";
import type { Camera } from "../api/types";
import { CameraBadge } from "../cameras/CameraBadge";
import { useCameras } from "../cameras/known";
import { useNewest } from "../cameras/newest";
import { useTranslation } from "../i18n";
import { useLive, useView } from "../live/context";
import { useSession } from "../session";
import { Empty, Failed, PageHead, Waiting } from "../ui/Page";
import { RegionEditor } from "./RegionEditor";
import "./regions.css";

const HEIGHT = 480;

export default function RegionsPage() {
  const { t } = useTranslation();
  const { camera: id = "" } = useParams();
  const camera = useCameras().find((each) => each.id === id);
  const isLoaded = useView((view) => view.lot !== null);
  if (camera) return <Known camera={camera} />;
  if (!isLoaded) return <Waiting height={HEIGHT} />;
  return (
    <Empty title={t("cameras.gone")}>
      <Link href="/cameras">{t("nav.cameras")}</Link>
    </Empty>
  );
}

function Known({ camera }: { camera: Camera }) {
  const { t } = useTranslation();
  const { lotId } = useSession();
  const capture = useNewest(camera, true);
  const codes = useCodes(camera.zone ?? null);
  const known = useQuery({
    queryKey: ["regions", lotId, camera.id],
    // What is drawn here must not change under the hand of who draws.
    staleTime: Infinity,
    gcTime: 0,
    queryFn: () => api.GET("/api/cameras/{camera}/regions", { params: { path: { camera: camera.id }, query: { lot: lotId } } }).then(answer),
  });
  return (
    <>
      <PageHead title={t("regions.title")} note={camera.name}>
        <CameraBadge camera={camera} />
        <Link href={`/cameras/${camera.id}`} className="button">
          {camera.name}
        </Link>
      </PageHead>
      {known.isError ? (
        <Failed error={known.error} onRetry={() => void known.refetch()} />
      ) : camera.contact?.capture_id == null ? (
        <Empty title={t("regions.noPicture")} />
      ) : known.data && capture ? (
        <RegionEditor camera={camera} capture={capture} known={known.data} codes={codes} />
      ) : (
        <Waiting height={HEIGHT} />
      )}
    </>
  );
}

/** Codes of all slots: those of the camera's own zone first, each as people count. */
function useCodes(zone: string | null): readonly string[] {
  const { store } = useLive();
  const order = useView((view) => view.lot?.order);
  return useMemo(() => {
    const slots = (order ?? []).flatMap((id) => store.slot(id) ?? []);
    const isOwn = (slotZone: string | null | undefined) => zone !== null && slotZone === zone;
    return [...slots.filter((slot) => isOwn(slot.zone)), ...slots.filter((slot) => !isOwn(slot.zone))].map((slot) => slot.code);
  }, [order, store, zone]);
}
