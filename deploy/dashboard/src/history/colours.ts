// The colours of the styles for a canvas, which knows no variables.

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
