// The cameras with their last contact: the live socket tells what changes of them, health and contact are asked for.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { answer, api } from "../api/client";
import type { Camera } from "../api/types";
import { useView } from "../live/context";
import { useMay, useSession } from "../session";

const REFRESH_MS = 15_000;

/** By id, as people count. */
export function useCameras(): Camera[] {
  const { lotId } = useSession();
  const isViewer = useMay("viewer");
  const told = useView((view) => view.lot?.cameras);
  const { data } = useQuery({
    queryKey: ["cameras", lotId],
    enabled: isViewer,
    refetchInterval: REFRESH_MS,
    queryFn: () => api.GET("/api/cameras", { params: { query: { lot: lotId } } }).then(answer),
  });
  return useMemo(() => {
    const asked = new Map(data?.map((camera) => [camera.id, camera]));
    const all = [...(told?.values() ?? [])].map((camera) => withContact(camera, asked.get(camera.id)));
    return all.sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
  }, [told, data]);
}

/** The newer contact, with the health that only one of the two may know. */
export function withContact(camera: Camera, asked: Camera | undefined): Camera {
  const [live, known] = [camera.contact, asked?.contact];
  if (!asked || !known) return camera;
  const newest = live && live.seen_at > known.seen_at ? live : known;
  // Who is blind follows from all cameras: only who was asked knows.
  return { ...camera, blind_slots: asked.blind_slots ?? [], contact: { ...newest, health: known.health ?? null, health_at: known.health_at ?? null } };
}
