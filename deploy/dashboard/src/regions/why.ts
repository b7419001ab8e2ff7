// What cameras make of slots, asked for again while somebody looks.
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client";
import { useSession } from "../session";

const REFRESH_MS = 15_000;

/** By every camera that sees the slot; asked anew when the slot is another `rev`. */
export function useWhy(slot: string, rev: number) {
  const { lotId } = useSession();
  return useQuery({
    queryKey: ["why", lotId, slot, rev],
    refetchInterval: REFRESH_MS,
    placeholderData: (before) => before,
    queryFn: () => api.GET("/api/slots/{slot}/why", { params: { path: { slot }, query: { lot: lotId } } }).then(answer),
  });
}

/** By one camera, of every slot that it sees. */
export function useViews(camera: string) {
  const { lotId } = useSession();
  return useQuery({
    queryKey: ["views", lotId, camera],
    refetchInterval: REFRESH_MS,
    queryFn: () => api.GET("/api/cameras/{camera}/views", { params: { path: { camera }, query: { lot: lotId } } }).then(answer),
  });
}
