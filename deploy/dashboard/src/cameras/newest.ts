// The newest picture of a camera: from its event when one came, asked for otherwise, and only while somebody can see it.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RefObject } from "react";
import { useEffect, useRef, useState } from "react";
import { answer, api } from "../api/client";
import type { Camera, Capture } from "../api/types";
import { useView } from "../live/context";
import { useSession } from "../session";

export function useNewest(camera: Camera, isWanted: boolean): Capture | undefined {
  const { lotId } = useSession();
  const told = useView((view) => view.lot?.pictures.get(camera.id));
  const id = camera.contact?.capture_id ?? null;
  const { data } = useQuery({
    queryKey: ["capture", lotId, id],
    enabled: isWanted && id !== null && told?.id !== id,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    queryFn: () => api.GET("/api/captures/{capture}", { params: { path: { capture: id ?? "" }, query: { lot: lotId } } }).then(answer),
  });
  const newest = told ?? data;
  const shown = useRef<Capture>(undefined);
  // What nobody sees is not loaded: a picture stays until it is looked at again.
  useEffect(() => {
    if (isWanted) shown.current = newest;
  });
  return isWanted ? newest : shown.current;
}

/** Whether an element is on the screen, or nearly. */
export function useVisible(): [RefObject<HTMLLIElement | null>, boolean] {
  const frame = useRef<HTMLLIElement>(null);
  const [isVisible, setIsVisible] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new IntersectionObserver(([entry]) => setIsVisible(entry?.isIntersecting ?? false), { rootMargin: "200px" });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [frame, isVisible];
}
