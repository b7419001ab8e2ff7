// When to come back after a connection was lost. Pure: chance is passed in, and nothing waits here.

export const WAIT_MS_MIN = 250;
export const WAIT_MS_MAX = 20_000;
/** A connection that was live this long was a good one: the next loss starts over with the shortest wait. */
export const STABLE_MS = 30_000;
/** Longest wait that a server may ask for. */
const RETRY_AFTER_MS_MAX = 300_000;

/** Full jitter: anything from the shortest wait up to that doubled `attempt + 1` times, and never more than the longest. */
export function wait(attempt: number, retryAfterMs: number, random: number): number {
  const ceiling = Math.min(WAIT_MS_MIN * 2 ** Math.min(attempt + 1, 30), WAIT_MS_MAX);
  // On top of what the server asked for, not instead: it asks all of its clients for the same.
  return WAIT_MS_MIN + random * (ceiling - WAIT_MS_MIN) + Math.min(Math.max(retryAfterMs, 0), RETRY_AFTER_MS_MAX);
}
