// The last known state of each lot on this device, so that the page opens without a network. Forgotten at logout.
import { clear, get, set } from "idb-keyval";
import type { Identity } from "../api/types";
import type { LotState } from "./lot";

export interface Kept {
  lot: LotState;
  freshAt: number;
}

/** Changed with the shape of what is kept: what an older page kept is not looked at. */
const VERSION = 1;

export async function keepLot(kept: Kept): Promise<void> {
  await quietly(() => set(`lot/${VERSION}/${kept.lot.lot.id}`, kept));
}

export async function keptLot(lotId: string): Promise<Kept | null> {
  return (await quietly(() => get<Kept>(`lot/${VERSION}/${lotId}`))) ?? null;
}

/** Who was logged in, without the secret that lets changes through. */
export async function keepIdentity(identity: Identity | null): Promise<void> {
  const kept = identity && { name: identity.name, role: identity.role, expires_at: identity.expires_at ?? null };
  await quietly(() => set(`identity/${VERSION}`, kept ?? "anonymous"));
}

export async function keptIdentity(): Promise<Identity | "anonymous" | null> {
  return (await quietly(() => get<Identity | "anonymous">(`identity/${VERSION}`))) ?? null;
}

export async function forget(): Promise<void> {
  await quietly(() => clear());
}

/** Storage may be full or forbidden; the page works without it. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch {
    return undefined;
  }
}
