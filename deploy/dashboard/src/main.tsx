import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, loadInside } from "./App";
import { startI18n } from "./i18n";
import { isKnown, recall } from "./live/cache";
import { lastLot } from "./lots";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (!root) throw new Error("the page has no root");

/** After the login was shown: what comes behind it must not hold it up. */
const LOAD_AHEAD_MS = 1_000;

// Side by side: who was here before sees at once what was there then, and who was not is asked for a token with nothing else loaded.
async function start(root: HTMLElement) {
  const inside = isKnown() ? loadInside().catch(() => undefined) : null;
  // Not at the top level, where what is inside would wait for this module to be done, and this for it.
  const [recalled] = await Promise.all([recall(lastLot()), startI18n(), inside]);
  createRoot(root).render(
    <StrictMode>
      <App recalled={recalled} />
    </StrictMode>,
  );
  // While somebody looks for a token, what comes after it is loaded.
  if (!inside) setTimeout(() => void loadInside().catch(() => undefined), LOAD_AHEAD_MS);
}

void start(root);
