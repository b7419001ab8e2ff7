// Which lot is shown: the one in the address, else the one that was looked at last, else one that has slots.
import { answer, api } from "./api/client";
import type { Lot } from "./api/types";

const KEY = "lot";
const DEFAULT = "main";

export async function chooseLot(lots: readonly Lot[]): Promise<string> {
  const wanted = [new URLSearchParams(location.search).get("lot"), remembered()];
  const known = wanted.find((id) => id !== null && (lots.length === 0 || lots.some((lot) => lot.id === id)));
  if (known) return known;
  const only = lots.find((lot) => lot.id !== DEFAULT);
  if (!only) return DEFAULT;
  try {
    const stats = answer(await api.GET("/api/slots/stats", { params: { query: { lot: DEFAULT } } }));
    return stats.total > 0 ? DEFAULT : only.id;
  } catch {
    return lots[0]?.id ?? DEFAULT;
  }
}

export function rememberLot(id: string): void {
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
