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
            { name: "base", priority: 5, test: /node_modules\/(react|react-dom|scheduler|wouter|regexparam|i18next|@tanstack|openapi-fetch|idb-keyval)\// },
            { name: "controls", priority: 3, test: /node_modules\/(@base-ui|@floating-ui|reselect|tabbable)\// },
            { name: "charts", priority: 2, test: /node_modules\/uplot\/|src\/history\/(colours|StackChart|buckets|chart)/ },
            { name: "app", priority: 4, test: /src\/(App|main|session|lots|shell\/(?!SettingsMenu)|live|api|i18n\/(?!id)|ui\/(now|icons|Segments|Boundary)|login|lot\/(?!Slot(Panel|Record)|Kiosk|kiosk|panel|actions))/ },
            { name: "forms", priority: 1, test: /src\/ui\// },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": DAEMON, "/images": DAEMON, "/ws": { target: DAEMON, ws: true } } },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"] },
});
