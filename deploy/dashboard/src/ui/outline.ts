// Outlines as SVG paths have them. Pure.

const COMMAND = /([a-z])([^a-z]*)/gi;
const NUMBER = /-?\d*\.?\d+/g;
/** Of what an arc is told, the angle and the two flags are no lengths. */
const ARC = 7;
const ARC_LENGTHS = new Set([0, 1, 5, 6]);
const PLACES = 1_000;

/** The path enlarged by `scale`, and then moved so that its origin is at `x`, `y`; its numbers have to be apart. */
export function placed(path: string, x: number, y: number, scale: number): string {
  const round = (value: number) => Math.round(value * PLACES) / PLACES;
  return path.replaceAll(COMMAND, (_whole, letter: string, text: string) => {
    const isRelative = letter === letter.toLowerCase();
    const kind = letter.toLowerCase();
    const numbers = [...text.matchAll(NUMBER)].map(([number]) => Number(number));
    const moved = numbers.map((number, at) => {
      if (kind === "a" && !ARC_LENGTHS.has(at % ARC)) return number;
      // What is left of an arc is its end; a line across has an x alone, and one down a y.
      const isSize = kind === "a" && at % ARC < 2;
      const origin = isRelative || isSize ? 0 : kind === "h" ? x : kind === "v" ? y : (kind === "a" ? at % ARC === 5 : at % 2 === 0) ? x : y;
      return round(number * scale + origin);
    });
    return letter + moved.join(" ");
  });
}
