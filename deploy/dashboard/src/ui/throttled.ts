// Does something at most so often: a busy lot must not be asked for its lists at each event.
import { useEffect, useMemo } from "react";

const PAUSE_MS = 2_000;

/** `work` must stay the same between renders. */
export function useThrottled(work: () => void): () => void {
  const throttled = useMemo(() => {
    let timer: ReturnType<typeof setTimeout> | null = null;
    return {
      run: () => {
        timer ??= setTimeout(() => {
          timer = null;
          work();
        }, PAUSE_MS);
      },
      stop: () => {
        if (timer) clearTimeout(timer);
        timer = null;
      },
    };
  }, [work]);
  useEffect(() => throttled.stop, [throttled]);
  return throttled.run;
}
