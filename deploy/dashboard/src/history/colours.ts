// The colours of the styles for a canvas, which knows no variables.
import { useEffect, useState } from "react";

/** Reads colours as they are at `element`. */
export function colours(element: Element): (name: string) => string {
  const probe = document.createElement("span");
  element.append(probe);
  const style = getComputedStyle(probe);
  const known = new Map<string, string>();
  for (const name of NAMES) {
    probe.style.color = `var(${name})`;
    known.set(name, style.color);
  }
  probe.remove();
  return (name) => known.get(name) ?? "gray";
}

const NAMES = [
  "--ink-3",
  "--line",
  "--line-strong",
  "--accent",
  "--chart-free",
  "--occupied",
  "--reserved",
  "--closed-stripe",
  "--unknown-edge",
];

/** Thin diagonal lines. */
export function hatch(context: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const size = 8;
  const tile = document.createElement("canvas");
  tile.width = tile.height = size;
  const paint = tile.getContext("2d");
  if (!paint) return null;
  paint.strokeStyle = colour;
  paint.globalAlpha = 0.3;
  paint.beginPath();
  for (const shift of [-size, 0, size]) {
    paint.moveTo(shift, size);
    paint.lineTo(shift + size, 0);
  }
  paint.stroke();
  return context.createPattern(tile, "repeat");
}

/** Changes when light becomes dark: what is painted on a canvas does not change by itself. */
export function useScheme(): string {
  const [scheme, setScheme] = useState("");
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const look = () => setScheme(`${document.documentElement.dataset.theme ?? ""}${media.matches}`);
    const observer = new MutationObserver(look);
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    media.addEventListener("change", look);
    return () => {
      observer.disconnect();
      media.removeEventListener("change", look);
    };
  }, []);
  return scheme;
}
