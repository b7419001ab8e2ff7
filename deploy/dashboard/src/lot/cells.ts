// The elements of slots on map and grid. React draws what is around them; of thousands of slots each is touched when it has changed, and else never.
import type { RefObject } from "react";
import { useLayoutEffect, useMemo } from "react";
import type { Slot, SlotState } from "../api/types";
import { useLive } from "../live/context";
import type { Pending } from "../live/store";
import { afterPaint } from "../ui/painted";
import { useLabel } from "./label";

/** A part of a field with so many cells before it waits until those are painted. */
const CELLS_AT_ONCE = 100;

export type Cell = HTMLElement | SVGElement;

/** An element, and the outline of its shape in a state; the shape is the first `path` in it. */
export interface Made {
  cell: Cell;
  outline: (state: SlotState) => string;
}

/** Makes the element of a slot, with all that does not change with its state. */
export type Make = (slot: Slot) => Made;

type Label = (slot: Slot, pending: Pending | undefined) => string;

/** Elements by the id of their slot; made once, and moved where they are wanted. */
export class Cells {
  private readonly made = new Map<string, Made>();
  private tabStop: string | null = null;

  constructor(
    private readonly make: Make,
    private readonly label: Label,
    private readonly find: (id: string) => [Slot | undefined, Pending | undefined],
  ) {}

  /** The element of a slot; null for one that is gone. */
  of(id: string): Cell | null {
    const known = this.made.get(id);
    if (known) return known.cell;
    const [slot, pending] = this.find(id);
    if (!slot) return null;
    const made = this.make(slot);
    const { cell } = made;
    cell.id = `slot-${id}`;
    cell.dataset.slot = id;
    cell.tabIndex = id === this.tabStop ? 0 : -1;
    this.made.set(id, made);
    this.show(made, slot, pending);
    return cell;
  }

  /** Draws what changed of these slots, as far as they are here. */
  update(ids: Iterable<string>): void {
    for (const id of ids) {
      const made = this.made.get(id);
      const [slot, pending] = this.find(id);
      if (made && slot) this.show(made, slot, pending);
    }
  }

  /** The one slot that the Tab key comes to. */
  setTabStop(id: string | null): void {
    if (this.tabStop === id) return;
    const [before, after] = [this.tabStop, id].map((each) => (each === null ? undefined : this.made.get(each)?.cell));
    this.tabStop = id;
    if (before) before.tabIndex = -1;
    if (after) after.tabIndex = 0;
  }

  private show({ cell, outline }: Made, slot: Slot, pending: Pending | undefined): void {
    if (cell.dataset.state !== slot.state) {
      cell.dataset.state = slot.state;
      cell.querySelector("path")?.setAttribute("d", outline(slot.state));
    }
    cell.toggleAttribute("data-stale", Boolean(slot.stale_since));
    cell.toggleAttribute("data-suggested", Boolean(slot.suggested));
    cell.setAttribute("aria-label", this.label(slot, pending));
    if (pending) {
      cell.dataset.pending = "true";
      cell.setAttribute("aria-busy", "true");
    } else if (cell.dataset.pending) {
      delete cell.dataset.pending;
      cell.removeAttribute("aria-busy");
    }
  }
}

/** Cells for these slots; others when how they are made is another, or the words are. */
export function useCells(slots: readonly Slot[], make: Make): Cells {
  const { store } = useLive();
  const label = useLabel();
  const cells = useMemo(() => {
    const wanted = new Set(slots.map((slot) => slot.id));
    return new Cells(make, label, (id) => (wanted.has(id) ? [store.slot(id), store.view().pending.get(id)] : [undefined, undefined]));
  }, [slots, make, label, store]);
  useLayoutEffect(() => store.subscribeSlots((ids) => cells.update(ids)), [cells, store]);
  return cells;
}

/**
 * Puts cells where they belong; one that had the focus keeps it. `before` is how many cells of the field come before these: the first are there with
 * the page, the others follow when those are on the screen, part by part, so that nobody waits for thousands.
 */
export function useFill(frame: RefObject<Element | null>, before: number, make: () => readonly Element[]): void {
  useLayoutEffect(() => {
    const fill = () => {
      const element = frame.current;
      const focused = element?.contains(document.activeElement) ? document.activeElement?.id : undefined;
      element?.replaceChildren(...make());
      if (focused) document.getElementById(focused)?.focus();
    };
    return before < CELLS_AT_ONCE || frame.current?.hasChildNodes() ? fill() : afterPaint(fill);
  }, [frame, before, make]);
}

const SVG = "http://www.w3.org/2000/svg";

/** An element of a drawing. */
export function drawn(name: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.textContent = text;
  return element;
}
