// Polygons on a picture, as fractions of its width and height. Pure.

export type Point = readonly [x: number, y: number];
export type Polygon = readonly Point[];

export const CORNERS_MIN = 3;
export const CORNERS_MAX = 16;
/** Less of a picture than this is a slip of the hand; the daemon refuses it, too. */
const AREA_MIN = 1e-5;
/** Places are kept to this many parts of a picture: finer than a pixel of any camera. */
const PARTS = 100_000;

function rounded(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * PARTS) / PARTS;
}

export function inPicture([x, y]: Point): Point {
  return [rounded(x), rounded(y)];
}

/** Moved as a whole, as far as the picture goes: its form stays what it was. */
export function moved(polygon: Polygon, [dx, dy]: Point): Polygon {
  const [xs, ys] = [polygon.map(([x]) => x), polygon.map(([, y]) => y)];
  const bounded = (by: number, all: readonly number[]) => Math.min(1 - Math.max(...all), Math.max(-Math.min(...all), by));
  const [right, down] = [bounded(dx, xs), bounded(dy, ys)];
  return polygon.map(([x, y]) => inPicture([x + right, y + down]));
}

export function withCorner(polygon: Polygon, at: number, point: Point): Polygon {
  return polygon.with(at, inPicture(point));
}

/** With a corner more, in the middle of the side after the corner `at`; as it is when it has as many as it may. */
export function withMoreCorners(polygon: Polygon, at: number): Polygon {
  if (polygon.length >= CORNERS_MAX) return polygon;
  return polygon.toSpliced(at + 1, 0, inPicture(middle(polygon, at)));
}

export function withoutCorner(polygon: Polygon, at: number): Polygon {
  return polygon.length <= CORNERS_MIN ? polygon : polygon.toSpliced(at, 1);
}

/** The middle of the side after the corner `at`. */
export function middle(polygon: Polygon, at: number): Point {
  const [a, b] = [polygon[at], polygon[(at + 1) % polygon.length]];
  return a && b ? [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] : [0.5, 0.5];
}

/** The mean of its corners: where its name stands. */
export function centre(polygon: Polygon): Point {
  const sum = polygon.reduce<[number, number]>(([sx, sy], [x, y]) => [sx + x, sy + y], [0, 0]);
  return [sum[0] / polygon.length, sum[1] / polygon.length];
}

/** By the sum over its sides (Gauss). */
export function area(polygon: Polygon): number {
  const sum = polygon.reduce((total, [x1, y1], at) => {
    const [x2, y2] = polygon[(at + 1) % polygon.length] ?? [0, 0];
    return total + x1 * y2 - x2 * y1;
  }, 0);
  return Math.abs(sum) / 2;
}

/** Whether it can be a region: enough corners, none outside, some area, and no side across another. */
export function isRegion(polygon: Polygon): boolean {
  const isInside = polygon.every((point) => point.every((value) => value >= 0 && value <= 1));
  const { length } = polygon;
  return length >= CORNERS_MIN && length <= CORNERS_MAX && isInside && area(polygon) >= AREA_MIN && !crossesItself(polygon);
}

function crossesItself(polygon: Polygon): boolean {
  const sides = polygon.map((from, at) => [from, polygon[(at + 1) % polygon.length] ?? from] as const);
  return sides.some(([a, b], one) =>
    sides.some(([c, d], other) => {
      const isNeighbour = one === other || (one + 1) % sides.length === other || (other + 1) % sides.length === one;
      return !isNeighbour && turn(a, b, c) * turn(a, b, d) < 0 && turn(c, d, a) * turn(c, d, b) < 0;
    }),
  );
}

/** Positive when `c` lies to one side of the line from `a` to `b`, negative on the other. */
function turn(a: Point, b: Point, c: Point): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/** A region that somebody has just asked for: a part of the picture around `at`, to be dragged to where it belongs. */
export function fresh([x, y]: Point, width = 0.16, height = 0.2): Polygon {
  const corners: Polygon = [
    [x - width / 2, y - height / 2],
    [x + width / 2, y - height / 2],
    [x + width / 2, y + height / 2],
    [x - width / 2, y + height / 2],
  ];
  return moved(corners.map(([cx, cy]) => [Math.min(1, Math.max(0, cx)), Math.min(1, Math.max(0, cy))]), [0, 0]);
}

/**
 * Cuts four corners into `parts` bays side by side, along the side from its first corner to its second. As a camera sees it: what is farther away is
 * smaller, so the cuts are equal on the ground and not in the picture (the projective map of the unit square, after Heckbert 1989).
 */
export function row(frame: Polygon, parts: number): Polygon[] {
  const [p0, p1, p2, p3] = frame;
  if (!p0 || !p1 || !p2 || !p3 || frame.length !== 4 || parts < 1) return [];
  const map = projection(p0, p1, p2, p3);
  return Array.from({ length: parts }, (_, at) => {
    const [left, right] = [at / parts, (at + 1) / parts];
    return [map(left, 0), map(right, 0), map(right, 1), map(left, 1)].map(inPicture);
  });
}

function projection(p0: Point, p1: Point, p2: Point, p3: Point): (u: number, v: number) => Point {
  const sum: Point = [p0[0] - p1[0] + p2[0] - p3[0], p0[1] - p1[1] + p2[1] - p3[1]];
  const [d1, d2]: [Point, Point] = [
    [p1[0] - p2[0], p1[1] - p2[1]],
    [p3[0] - p2[0], p3[1] - p2[1]],
  ];
  const size = d1[0] * d2[1] - d1[1] * d2[0];
  const g = size === 0 ? 0 : (sum[0] * d2[1] - sum[1] * d2[0]) / size;
  const h = size === 0 ? 0 : (d1[0] * sum[1] - d1[1] * sum[0]) / size;
  const along = (axis: 0 | 1, u: number, v: number, depth: number) =>
    ((p1[axis] - p0[axis] + g * p1[axis]) * u + (p3[axis] - p0[axis] + h * p3[axis]) * v + p0[axis]) / depth;
  return (u, v) => {
    const depth = g * u + h * v + 1;
    return [along(0, u, v, depth), along(1, u, v, depth)];
  };
}
