// What is worked out without a screen: days in other time zones, buckets, files, lines for a shell, words in two languages.
import { expect, test } from "vitest";
import { provisionLine } from "./cameras/CameraToken";
import { conditionOf } from "./cameras/CameraBadge";
import { withContact } from "./cameras/known";
import { heard as heardOfPictures } from "./cameras/pictures";
import { count } from "./live/counts";
import { fixture } from "./fixtures";
import type { Camera, Capture, Event, Session, Slot } from "./api/types";
import type { Bucket } from "./history/buckets";
import { columns, occupancy, peak } from "./history/buckets";
import { period } from "./history/period";
import { format } from "./i18n/format";
import { days, dayOf, instant, midnight } from "./i18n/zone";
import { heard as heardOfStays } from "./records/SessionsPage";
import { csv } from "./ui/csv";
import type { Pages, Row } from "./ui/pages";
import { placed } from "./ui/outline";
import { versionOf } from "../offline";

const iso = (at: number) => new Date(at).toISOString();

test("a day begins at midnight where the lot is, also when its clocks are changed", () => {
  const at = Date.parse("2026-11-23T18:30:00Z");
  expect(iso(midnight(at, "Asia/Jakarta"))).toBe("2026-11-23T17:00:00.000Z");
  expect(iso(midnight(at, "UTC", 1))).toBe("2026-11-22T00:00:00.000Z");
  // The night of 29 March 2026 has an hour less in Berlin.
  const changed = Date.parse("2026-03-29T12:00:00Z");
  expect(iso(midnight(changed, "Europe/Berlin"))).toBe("2026-03-28T23:00:00.000Z");
  expect(iso(midnight(changed, "Europe/Berlin", -1))).toBe("2026-03-29T22:00:00.000Z");
});

test("what a field of a form says is a time where the lot is, and what is no time is none", () => {
  expect(iso(instant("2026-11-24", "Asia/Jakarta") ?? 0)).toBe("2026-11-23T17:00:00.000Z");
  expect(iso(instant("2026-11-24T07:30", "Asia/Jakarta") ?? 0)).toBe("2026-11-24T00:30:00.000Z");
  expect(["", "today", "2026-02-30"].map((text) => instant(text, "UTC"))).toEqual([null, null, null]);
  expect(dayOf(Date.parse("2026-11-23T18:30:00Z"), "Asia/Jakarta")).toBe("2026-11-24");
});

test("a period is as long in the morning as in the evening, and an own one ends with its last day", () => {
  const at = (time: string) => Date.parse(`2026-11-23T${time}Z`);
  const week = (now: number) => period(new URLSearchParams("range=week"), now, "UTC");
  expect(week(at("09:00:00")).days).toBeCloseTo(6.375);
  expect(week(at("15:00:00")).days).toBeCloseTo(6.625);
  expect(days(at("00:00:00"), at("03:00:00"))).toBe(1);
  const own = period(new URLSearchParams("range=own&from=2026-11-02&to=2026-11-03"), at("09:00:00"), "Asia/Jakarta");
  expect([iso(own.from), iso(own.to), own.bucket, own.days]).toEqual(["2026-11-01T17:00:00.000Z", "2026-11-03T17:00:00.000Z", "hour", 2]);
  expect(period(new URLSearchParams("range=own&from=2026-10-01&to=2026-11-03"), at("09:00:00"), "UTC").bucket).toBe("day");
  expect(period(new URLSearchParams("range=own&from=2026-11-03&to=2026-11-02"), at("09:00:00"), "UTC").to).toBe(week(at("09:00:00")).to);
});

test("a build whose page or icon is another is another build, though its parts have the same names", () => {
  const files = (page: string) => new Map([["/", Buffer.from(page)], ["/icon.svg", Buffer.from("<svg/>")]]);
  expect(versionOf(files("a"))).toBe(versionOf(new Map([...files("a")].toReversed())));
  expect(versionOf(files("a"))).not.toBe(versionOf(files("b")));
});

/** Pages of a list; there may be more after the last one. */
const listed = <T>(pages: readonly (readonly T[])[], isCut = true): Pages<T> => ({
  pages: pages.map((rows, at) => ({ rows, next: isCut || at < pages.length - 1 ? "more" : null })),
  pageParams: pages.map(() => ""),
});
const ids = (pages: Pages<Row>) => pages.pages.map(({ rows }) => rows.map(({ id }) => id).join(""));

test("a picture that comes late stands where its time puts it, and one that is older than all that was asked for comes with its page", () => {
  const capture = fixture<Capture>("capture");
  const taken = (id: string, minute: number): Capture => ({ ...capture, id, captured_at: `2026-11-23T06:${minute}:00.000Z` });
  const pages = listed([[taken("f", 50), taken("d", 40)], [taken("b", 20)]]);
  const event = fixture<Event>("event.capture.added") as Event & { kind: "capture.added" };
  const after = (one: Capture, to: string | null = null, all = pages) => ids(heardOfPictures(all, { ...event, data: { capture: one } }, capture.camera ?? "", to));
  expect(after(taken("e", 45))).toEqual(["fed", "b"]);
  expect(after(taken("c", 30))).toEqual(["fd", "cb"]);
  expect(after(taken("g", 55))).toEqual(["gfd", "b"]);
  expect(after(taken("d", 40))).toEqual(["fd", "b"]);
  expect(after(taken("a", 10))).toEqual(["fd", "b"]);
  expect(after(taken("a", 10), null, listed([[taken("b", 20)]], false))).toEqual(["ba"]);
  expect(after(taken("g", 55), "2026-11-23T06:52:00.000Z")).toEqual(["fd", "b"]);
  expect(after({ ...taken("g", 55), camera: "another" })).toEqual(["fd", "b"]);
});

type Sought = Parameters<typeof heardOfStays>[2];

test("a stay is told by its event: it comes, changes in its place, and goes when it is not what was looked for any more", () => {
  const event = fixture<Event>("event.slot.changed") as Event & { kind: "slot.changed" };
  const stay = event.data.session as Session;
  const heard = (pages: Pages<Session>, session: Session, filter: Sought = {}) => heardOfStays(pages, { ...event, data: { ...event.data, session } }, filter);
  const open = heard(listed<Session>([[]], false), stay, { state: "open", slot: "A-12", zone: "North", kind: "slot" });
  expect(ids(open)).toEqual([stay.id]);
  const over: Session = { ...stay, state: "closed" };
  expect(heard(open, over).pages[0]?.rows).toEqual([over]);
  expect(ids(heard(open, over, { state: "open" }))).toEqual([""]);
  const other = { ...stay, id: "other" };
  const strange: readonly Sought[] = [{ state: "void" }, { slot: "A-13" }, { zone: "South" }, { kind: "gate" }];
  for (const filter of strange) expect(heard(open, other, filter)).toBe(open);
});

test("a bucket that nobody watched is a gap, and one that was watched in part is an average over that part", () => {
  const buckets = [fixture<Bucket>("history_bucket.gap"), fixture<Bucket>("history_bucket")];
  const [gap, watched] = columns(buckets);
  expect(gap?.averages).toBeNull();
  expect(watched?.watched).toBeCloseTo(1 / 3);
  expect(watched?.averages).toMatchObject({ free: 1.2, occupied: 0.75, closed: 0.05 });
  expect(occupancy(columns(buckets))).toBeCloseTo(0.75 / 1.95);
  expect(occupancy(columns(buckets.slice(0, 1)))).toBeNull();
  expect(peak(columns(buckets))).toEqual(watched);
  expect(columns(buckets, "nowhere")[1]?.averages).toBeNull();
});

test("a file of values is read back by a spreadsheet as it was, and runs nothing there", () => {
  expect(csv(["a", "b"], [["x,y", 'say "hi"'], ["=1+1", -2], [null, "two\nlines"]])).toBe('a,b\r\n"x,y","say ""hi"""\r\n\'=1+1,-2\r\n,"two\nlines"\r\n');
});

test("the line that sets a camera up can be pasted into a shell", () => {
  const camera = { id: "cam-3", name: "Anna's gate", zone: "North 1", interval_s: 30 };
  expect(provisionLine(camera, "harbour", "https://lot.example")).toBe(
    "parkctl camera provision --server https://lot.example --lot harbour --id cam-3 --name 'Anna'\\''s gate' --zone 'North 1' --interval 30",
  );
});

test("of two contacts with a camera the newer is shown, with the health that only one of them knows", () => {
  const asked = fixture<Camera>("camera");
  const live: Camera = { ...asked, contact: { seen_at: "2030-01-01T00:00:00.000Z", capture_id: "newer" } };
  expect(withContact(live, asked).contact).toMatchObject({ capture_id: "newer", health: { rssi_dbm: -67 } });
  expect(withContact({ ...live, contact: null }, asked).contact?.capture_id).toBe(asked.contact?.capture_id);
  expect(withContact(live, undefined)).toBe(live);
});

test("ages and durations are said in the reader's language and the lot's time zone", () => {
  const now = Date.parse("2026-11-23T18:30:00Z");
  const english = format("en-GB", "Asia/Jakarta", "just now");
  expect(english.ago(now - 1_000, now)).toBe("just now");
  expect(english.ago(now - 90_000, now)).toBe("1 minute ago");
  expect(english.time(now, now)).toBe("01:30");
  expect(english.duration(3_900_000)).toMatch(/^1 hr 5 mins?$/);
  expect(format("id", "Asia/Jakarta", "baru saja").ago(now - 90_000, now)).toBe("1 menit yang lalu");
});

test("an outline is enlarged and moved: places by both, lengths by the scale alone, and the flags of an arc not at all", () => {
  expect(placed("M1 2h3v4H1V2z", 10, 20, 2)).toBe("M12 24h6v8H12V24z");
  expect(placed("M0 0a1 2 30 1 0 3 4A1 2 30 0 1 3 4", 10, 20, 2)).toBe("M10 20a2 4 30 1 0 6 8A2 4 30 0 1 16 28");
  expect(placed("m.5-1.5l1 1", 10, 20, 2)).toBe("m1 -3l2 2");
});

test("a camera is of use while it is in touch, sees something new, and what it was set up to see", () => {
  const well: Camera = { ...fixture<Camera>("camera"), status: "online", frozen_since: null, moved_since: null };
  const since = "2026-11-23T06:00:00.000Z";
  expect(conditionOf(well)).toBe("online");
  expect(conditionOf({ ...well, moved_since: since })).toBe("moved");
  expect(conditionOf({ ...well, moved_since: since, frozen_since: since })).toBe("frozen");
  expect(conditionOf({ ...well, status: "late", frozen_since: since })).toBe("late");
  expect(conditionOf({ ...well, contact: null })).toBe("never");
});

test("slots that no camera confirms are counted beside their state", () => {
  const slot = fixture<Slot>("slot");
  const { all } = count([slot, { ...slot, id: "other", stale_since: "2026-11-23T06:00:00.000Z" }]);
  expect(all).toMatchObject({ total: 2, occupied: 2, stale: 1 });
});
