import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { compressed } from "./compressed";
import { offline } from "./offline";

const DAEMON = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), offline(), compressed()],
  build: {
    target: "es2022",
    // Nothing inline: the policy of the page allows no data: for scripts and styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "base", priority: 6, test: /node_modules\/(react|react-dom|scheduler|i18next|openapi-fetch|idb-keyval)\// },
            { name: "app", priority: 5, test: /src\/(App|main|lots|live\/cache|api|i18n\/(?!id|format|zone)|ui\/Boundary|login|styles)/ },
            { name: "controls", priority: 3, test: /node_modules\/(@base-ui|@floating-ui|reselect|tabbable)\// },
            { name: "charts", priority: 2, test: /node_modules\/uplot\/|src\/(history\/(colours|StackChart|buckets|[cC]hart)|ui\/Table)/ },
            {
              name: "inside",
              priority: 4,
              test: /node_modules\/(wouter|regexparam|@tanstack|mitt|use-sync-external-store)\/|src\/(Inside|session|shell\/(?!SettingsMenu)|live|i18n\/(format|zone)|ui\/(now|icons|Segments|width)|lot\/(?!Slot(Panel|Record|Why)|Blind|Kiosk|kiosk|panel|actions))/,
            },
            { name: "forms", priority: 1, test: /src\/ui\// },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": DAEMON, "/images": DAEMON, "/ws": { target: DAEMON, ws: true } } },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
