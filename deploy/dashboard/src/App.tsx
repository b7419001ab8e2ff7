// The page put together: who is let in, and what is behind the door, which is loaded apart.
import { Suspense, lazy } from "react";
import type { Recalled } from "./live/cache";
import { Gate } from "./login/Gate";
import { Boundary } from "./ui/Boundary";

export const loadInside = () => import("./Inside");
const Inside = lazy(loadInside);

export function App({ recalled }: { recalled: Recalled | null }) {
  return (
    <Boundary>
      <Gate recalled={recalled}>
        {(entered) => (
          <Suspense fallback={null}>
            <Inside entered={entered} />
          </Suspense>
        )}
      </Gate>
    </Boundary>
  );
}
