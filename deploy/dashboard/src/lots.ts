// Which lot is shown: the one in the address, else the one that was looked at last, else one that has slots.
import { answer, api } from "./api/client";
import type { Lot } from "./api/types";

const KEY = "lot";
const DEFAULT = "main";

export async function chooseLot(lots: readonly Lot[]): Promise<string> {
  const wanted = lastLot();
  if (wanted !== null && (lots.length === 0 || lots.some((lot) => lot.id === wanted))) return wanted;
  const only = lots.find((lot) => lot.id !== DEFAULT);
  if (!only) {
    if (lots.length > 0) rememberLot(DEFAULT);
    return DEFAULT;
  }
  try {
    const stats = answer(await api.GET("/api/slots/stats", { params: { query: { lot: DEFAULT } } }));
    const id = stats.total > 0 ? DEFAULT : only.id;
    rememberLot(id);
    return id;
  } catch {
    return lots[0]?.id ?? DEFAULT;
  }
}

/** The one that the address names, or that was looked at last. */
export function lastLot(): string | null {
  return new URLSearchParams(location.search).get("lot") ?? remembered();
}

export function rememberLot(id: string): void {
  const address = new URL(location.href);
  if (address.searchParams.has("lot")) {
    // Or the next load would go back to the one that it names.
    address.searchParams.set("lot", id);
    history.replaceState(history.state, "", address);
  }
  try {
    localStorage.setItem(KEY, id);
  } catch {
    // It is not remembered then.
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
