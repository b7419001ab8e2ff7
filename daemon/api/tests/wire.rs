//! The golden messages in `fixtures/`, which clients in other languages are tested against too: `TYPE.json` or `TYPE.CASE.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use parking_api::cameras::{
    Camera, CameraCreated, CameraPatch, CameraStatus, Contact, Health, HealthSample, NewCamera,
};
use parking_api::captures::{Capture, CapturePatch, ExpiryReason};
use parking_api::events::{Actor, ActorKind, Audit, Event, EventChange, EventPage, LogEntry};
use parking_api::firmware::{Firmware, FirmwareKey, FirmwareStatus, NewRollOut, Progress};
use parking_api::history::{BucketLength, HistoryBucket, SlotSeconds, ZoneSeconds};
use parking_api::ids::SlotRef;
use parking_api::live::{Cursor, Frame, SnapshotReason};
use parking_api::lots::{Lot, LotPatch, NewLot};
use parking_api::orders::{Orders, Reported, Uploaded};
use parking_api::problem::{Problem, ProblemCode, RowProblem};
use parking_api::regions::{
    Calibrate, Calibrating, CameraRegions, CameraView, NewRegion, Region, RegionsMode, ScoreParts, SetRegions,
    Sighting, SlotView, Trust, ViewOutcome, Why,
};
use parking_api::sessions::{GateEntry, Session, SessionKind, SessionState, SessionStats, SlotTurnover, StayStats};
use parking_api::slots::{
    Counts, Imported, NewSlot, Position, SetSlot, Slot, SlotKind, SlotPatch, SlotState, SlotStats, Source, ZoneCounts,
};
use parking_api::status::{Readiness, Version};
use parking_api::storage::Storage;
use parking_api::tokens::{Identity, Login, NewToken, Role, Token, TokenCreated};
use parking_api::{
    CameraId, CaptureId, Committed, FirmwareId, LotId, SessionId, SlotCode, SlotId, Time, TokenId, paths,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::PartialSchema;

/// Reads a message and writes it again.
type Again = fn(&str) -> Result<String, serde_json::Error>;

/// Every type that has messages of its own.
const TYPES: &[(&str, Again)] = &[
    ("actor", again::<Actor>),
    ("audit", again::<Audit>),
    ("calibrate", again::<Calibrate>),
    ("calibrating", again::<Calibrating>),
    ("camera", again::<Camera>),
    ("camera_created", again::<CameraCreated>),
    ("camera_id", again::<CameraId>),
    ("camera_patch", again::<CameraPatch>),
    ("camera_regions", again::<CameraRegions>),
    ("camera_view", again::<CameraView>),
    ("capture", again::<Capture>),
    ("capture_id", again::<CaptureId>),
    ("capture_patch", again::<CapturePatch>),
    ("committed", again::<Committed<Slot>>),
    ("contact", again::<Contact>),
    ("counts", again::<Counts>),
    ("cursor", again::<Cursor>),
    ("event", again::<Event>),
    ("event_page", again::<EventPage>),
    ("firmware", again::<Firmware>),
    ("firmware_id", again::<FirmwareId>),
    ("firmware_key", again::<FirmwareKey>),
    ("firmware_status", again::<FirmwareStatus>),
    ("frame", again::<Frame>),
    ("gate_entry", again::<GateEntry>),
    ("health", again::<Health>),
    ("health_sample", again::<HealthSample>),
    ("history_bucket", again::<HistoryBucket>),
    ("identity", again::<Identity>),
    ("imported", again::<Imported>),
    ("log_entry", again::<LogEntry>),
    ("login", again::<Login>),
    ("lot", again::<Lot>),
    ("lot_id", again::<LotId>),
    ("lot_patch", again::<LotPatch>),
    ("new_camera", again::<NewCamera>),
    ("new_lot", again::<NewLot>),
    ("new_region", again::<NewRegion>),
    ("new_roll_out", again::<NewRollOut>),
    ("new_slot", again::<NewSlot>),
    ("new_token", again::<NewToken>),
    ("orders", again::<Orders>),
    ("position", again::<Position>),
    ("problem", again::<Problem>),
    ("readiness", again::<Readiness>),
    ("reported", again::<Reported>),
    ("region", again::<Region>),
    ("row_problem", again::<RowProblem>),
    ("score_parts", again::<ScoreParts>),
    ("session", again::<Session>),
    ("session_id", again::<SessionId>),
    ("session_stats", again::<SessionStats>),
    ("set_regions", again::<SetRegions>),
    ("set_slot", again::<SetSlot>),
    ("sighting", again::<Sighting>),
    ("slot", again::<Slot>),
    ("slot_code", again::<SlotCode>),
    ("slot_id", again::<SlotId>),
    ("slot_patch", again::<SlotPatch>),
    ("slot_ref", again::<SlotRef>),
    ("slot_seconds", again::<SlotSeconds>),
    ("slot_stats", again::<SlotStats>),
    ("slot_turnover", again::<SlotTurnover>),
    ("slot_view", again::<SlotView>),
    ("stay_stats", again::<StayStats>),
    ("storage", again::<Storage>),
    ("time", again::<Time>),
    ("token", again::<Token>),
    ("token_created", again::<TokenCreated>),
    ("token_id", again::<TokenId>),
    ("uploaded", again::<Uploaded>),
    ("version", again::<Version>),
    ("why", again::<Why>),
    ("zone_counts", again::<ZoneCounts>),
    ("zone_seconds", again::<ZoneSeconds>),
];

/// Types that are only ever a part of another message, and a fixture that shows each.
const PARTS: &[(&str, &str)] = &[
    ("bye", "frame.bye"),
    ("camera_progress", "firmware_status"),
    ("degraded", "frame.degraded"),
    ("event_change", "event.slot.changed"),
    ("events", "frame.events"),
    ("heartbeat", "frame.heartbeat"),
    ("disk", "storage"),
    ("hello", "frame.hello"),
    ("lagged", "frame.lagged"),
    ("offer", "orders"),
    ("resumed", "frame.resumed"),
    ("retention_rules", "storage"),
    ("retention_run", "storage"),
    ("roll_out", "firmware"),
    ("snapshot", "frame.snapshot"),
    ("sweep_run", "storage"),
];

/// Closed lists of words; the fixture holds all of them, in their order.
fn words() -> BTreeMap<&'static str, Value> {
    fn all<T: Serialize>(words: &[T]) -> Value {
        serde_json::to_value(words).expect("words are JSON")
    }
    let codes = ProblemCode::ALL.iter();
    let codes = codes.map(|code| json!({ "code": code.as_str(), "status": code.status(), "title": code.title() }));
    BTreeMap::from([
        ("actor_kind", all(ActorKind::ALL)),
        ("bucket_length", all(BucketLength::ALL)),
        ("camera_status", all(CameraStatus::ALL)),
        ("expiry_reason", all(ExpiryReason::ALL)),
        ("problem_code", codes.collect()),
        ("regions_mode", all(RegionsMode::ALL)),
        ("progress", all(Progress::ALL)),
        ("role", all(Role::ALL)),
        ("session_kind", all(SessionKind::ALL)),
        ("session_state", all(SessionState::ALL)),
        ("slot_kind", all(SlotKind::ALL)),
        ("slot_state", all(SlotState::ALL)),
        ("snapshot_reason", all(SnapshotReason::ALL)),
        ("source", all(Source::ALL)),
        ("trust", all(Trust::ALL)),
        ("view_outcome", all(ViewOutcome::ALL)),
    ])
}

fn again<T: DeserializeOwned + Serialize>(text: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&serde_json::from_str::<T>(text)?)
}

fn here(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)
}

/// Every fixture by its name without `.json`.
fn fixtures() -> BTreeMap<String, String> {
    let folder = here("fixtures");
    let files = fs::read_dir(&folder).expect("the fixtures").map(|file| file.expect("a file").path());
    files
        .map(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
            let name = name.strip_suffix(".json").unwrap_or_else(|| panic!("{name} is not JSON"));
            (name.to_string(), fs::read_to_string(&path).expect("a readable fixture"))
        })
        .collect()
}

fn parse(name: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{name}.json: {error}"))
}

#[test]
fn every_message_is_written_as_it_was_read() {
    let types: BTreeMap<_, _> = TYPES.iter().copied().collect();
    let words = words();
    for (name, text) in fixtures() {
        let kind = name.split('.').next().unwrap_or_default();
        if let Some(all) = words.get(kind) {
            assert_eq!(parse(&name, &text), *all, "{name}.json");
            continue;
        }
        let again = types.get(kind).unwrap_or_else(|| panic!("{name}.json is of no type in the table"));
        let written = again(&text).unwrap_or_else(|error| panic!("{name}.json is not read: {error}"));
        assert_eq!(parse(&name, &text), parse(&name, &written), "{name}.json");
        assert_eq!(text, written + "\n", "{name}.json is not in the order and layout of the type");
    }
}

#[test]
fn every_type_has_a_message() {
    let fixtures = fixtures();
    let words = words();
    let shown: BTreeSet<&str> = fixtures.keys().filter_map(|name| name.split('.').next()).collect();
    for name in TYPES.iter().map(|(name, _)| *name).chain(words.keys().copied()) {
        assert!(shown.contains(name), "there is no fixture of {name}");
    }
    for (name, fixture) in PARTS {
        assert!(fixtures.contains_key(*fixture), "{fixture}.json, which shows {name}, is missing");
    }
    let listed = TYPES.iter().map(|(name, _)| *name).chain(PARTS.iter().map(|(name, _)| *name));
    let listed: BTreeSet<String> = listed.chain(words.into_keys()).map(String::from).collect();
    assert_eq!(listed, public_types(), "the tables of this test, and the public types in the source");
}

#[test]
fn every_kind_of_event_and_of_frame_has_a_message() {
    let fixtures = fixtures();
    let kinds = tags(&EventChange::schema(), "kind");
    assert!(kinds.contains("slot.changed"), "{kinds:?}");
    for kind in kinds {
        let event: Event = serde_json::from_str(&fixtures[&format!("event.{kind}")]).expect("an event");
        assert_eq!(event.change.kind(), kind);
    }
    let types = tags(&Frame::schema(), "type");
    assert!(types.contains("hello"), "{types:?}");
    for name in types {
        let frame = parse(&name, &fixtures[&format!("frame.{name}")]);
        assert_eq!(frame["type"], name);
    }
}

#[test]
fn what_a_newer_daemon_says_is_kept_or_passed_over() {
    let fixtures = fixtures();
    let entry: LogEntry = serde_json::from_str(&fixtures["log_entry.unknown_kind"]).expect("an entry");
    assert!(matches!(&entry, LogEntry::Other { seq: 1107, kind } if kind == "gate.opened"));
    let mut camera = parse("camera", &fixtures["camera"]);
    camera["battery"] = json!(0.8);
    assert!(serde_json::from_value::<Camera>(camera).is_ok());
    let frame: Frame = serde_json::from_value(json!({ "type": "weather", "rain": true })).expect("a frame");
    assert_eq!(frame, Frame::Unknown);
}

#[test]
fn a_picture_is_found_under_its_own_key() {
    for (name, text) in fixtures().iter().filter(|(name, _)| name.starts_with("capture.") || *name == "capture") {
        let capture: Capture = serde_json::from_str(text).expect("a capture");
        assert_eq!(capture.url, paths::image(&capture.key), "{name}.json");
    }
}

/// All values that the field `tag` may have, by the schema that is also in the OpenAPI document.
fn tags(schema: &impl Serialize, tag: &str) -> BTreeSet<String> {
    fn collect(value: &Value, tag: &str, found: &mut BTreeSet<String>) {
        if let Some(words) = value.pointer(&format!("/properties/{tag}/enum")).and_then(Value::as_array) {
            found.extend(words.iter().filter_map(Value::as_str).map(String::from));
        }
        match value {
            Value::Array(values) => values.iter().for_each(|value| collect(value, tag, found)),
            Value::Object(fields) => fields.values().for_each(|value| collect(value, tag, found)),
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(&serde_json::to_value(schema).expect("a schema is JSON"), tag, &mut found);
    found
}

/// The names of all public types outside the client, as the source has them.
fn public_types() -> BTreeSet<String> {
    let mut types = BTreeSet::new();
    for file in fs::read_dir(here("src")).expect("the source").map(|file| file.expect("a file").path()) {
        if file.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(&file).expect("a readable file");
        let mut is_macro = false;
        for line in source.lines() {
            is_macro = (is_macro || line.ends_with("!(")) && line.trim() != ");";
            let item = line.trim_start();
            let words = item.strip_prefix("pub struct ").or_else(|| item.strip_prefix("pub enum "));
            // Within `words!(` and `text_id!(` a type is a line that begins with its name.
            let words = words.or_else(|| line.strip_prefix("    ").filter(|_| is_macro));
            let name = words.unwrap_or_default().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            if name.starts_with(|c: char| c.is_ascii_uppercase()) {
                types.insert(snake(name));
            }
        }
    }
    types
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
