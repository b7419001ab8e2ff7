import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { fixture } from "../fixtures";
import { setLanguage, startI18n } from "../i18n";
import { StoreProvider } from "../live/context";
import { follow, open, step } from "../live/follower";
import type { Snapshot } from "../live/frames";
import { LotStore } from "../live/store";
import { SlotGrid } from "./SlotGrid";

const snapshot = fixture<Snapshot>("frame.snapshot");
const status = { state: "live", offlineSince: null, retryAt: null, freshAt: 1, reason: null, code: null, degraded: null } as const;

beforeAll(async () => {
  vi.stubGlobal("ResizeObserver", class {
    observe() {}
    disconnect() {}
  });
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(600);
  await startI18n();
});
afterEach(cleanup);

function show() {
  const store = new LotStore(null, (flush) => flush());
  const { follower } = step(step(open(follow("main", null)), fixture("frame.hello")).follower, snapshot);
  store.accept({ follower, events: [], end: null }, status);
  const onOpen = vi.fn();
  render(
    <StoreProvider store={store}>
      <SlotGrid slots={snapshot.slots} onOpen={onOpen} />
    </StoreProvider>,
  );
  return { store, onOpen };
}

test("each slot says its code, state, kind and note, and one of them is in the order of the Tab key", () => {
  show();
  const cells = screen.getAllByRole("gridcell");
  expect(cells.map((cell) => cell.getAttribute("aria-label"))).toEqual(["A-12, Occupied, Electric, Charger 3", "B.7_x, Unknown"]);
  expect(cells.map((cell) => cell.tabIndex)).toEqual([0, -1]);
});

test("arrows move from zone to zone, and Enter opens", async () => {
  const { onOpen } = show();
  await userEvent.tab();
  await userEvent.keyboard("{ArrowDown}");
  expect(document.activeElement?.getAttribute("aria-label")).toBe("B.7_x, Unknown");
  await userEvent.keyboard("{Enter}");
  expect(onOpen).toHaveBeenCalledWith(snapshot.slots[1]?.id);
});

test("what is wished for is said to be pending, and the slot stays what it was", async () => {
  const { store } = show();
  const slot = snapshot.slots[0];
  if (!slot) throw new Error("the fixture has no slot");
  store.pend(slot.id, { state: "free", seq: null });
  const cell = await screen.findByLabelText(/Waiting for confirmation/);
  expect(cell.dataset).toMatchObject({ state: "occupied", pending: "true" });
});

test("in another language it says so in that", async () => {
  await setLanguage("id");
  show();
  expect(screen.getAllByRole("gridcell")[0]?.getAttribute("aria-label")).toBe("A-12, Terisi, Listrik, Charger 3");
  await setLanguage("en");
});
