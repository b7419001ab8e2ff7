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
/** Longest wait for what is kept. */
const RECALL_MS_MAX = 1_500;

export async function keepLot(kept: Kept): Promise<void> {
  await quietly(() => set(`lot/${VERSION}/${kept.lot.lot.id}`, kept));
}

export async function keptLot(lotId: string): Promise<Kept | null> {
  return (await quietly(() => get<Kept>(`lot/${VERSION}/${lotId}`))) ?? null;
}

/** What this device knows from before. */
export interface Recalled {
  /** Null for somebody without a login, where reading is public. */
  identity: Identity | null;
  kept: Kept | null;
}

/** Says, before the slow storage was asked, whether there is anything in it. */
const KNOWN = "known";

export function isKnown(): boolean {
  try {
    return localStorage.getItem(KNOWN) !== null;
  } catch {
    return false;
  }
}

/** Who was here, and how the lot was then that is looked at; null when nobody was. */
export async function recall(lotId: string | null): Promise<Recalled | null> {
  if (!isKnown()) return null;
  const asked = Promise.all([quietly(() => get<Identity | "anonymous">(`identity/${VERSION}`)), lotId === null ? null : keptLot(lotId)]);
  // Storage that hangs, as it may while another page upgrades it, is as good as none.
  const tooLate = new Promise<null>((done) => setTimeout(() => done(null), RECALL_MS_MAX));
  const [identity, kept] = (await Promise.race([asked, tooLate])) ?? [undefined, null];
  return identity === undefined ? null : { identity: identity === "anonymous" ? null : identity, kept };
}

/** Notes who is logged in, without the secret that lets changes through. */
export async function keepIdentity(identity: Identity | null): Promise<void> {
  const kept = identity && { name: identity.name, role: identity.role, expires_at: identity.expires_at ?? null };
  await quietly(() => set(`identity/${VERSION}`, kept ?? "anonymous"));
  await quietly(() => Promise.resolve(localStorage.setItem(KNOWN, "")));
}

export async function forget(): Promise<void> {
  await quietly(() => Promise.resolve(localStorage.removeItem(KNOWN)));
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
