//! What holds after any sequence of commands, whichever of them are refused.

use std::collections::{BTreeMap, BTreeSet};

use parking_api::cameras::{CameraPatch, CameraStatus};
use parking_api::lots::LotPatch;
use parking_api::sessions::{SessionKind, SessionState};
use parking_api::slots::Counts;
use parking_api::tokens::Role;
use parking_api::{CaptureId, SessionId, TokenId};
use proptest::prelude::*;
use proptest::sample::select;

use super::cameras::{camera_id, capture, create_camera};
use super::tokens::secret;
use super::*;

const CODES: [&str; 4] = ["A-1", "A-2", "A-10", "B-1"];
const ZONES: [Option<&str>; 4] = [None, Some("North"), Some("South"), Some("  ")];
const CAMERAS: [&str; 2] = ["cam-1", "cam-2"];
const NAMES: [Option<&str>; 4] = [None, Some("X-1"), Some("X-2"), Some("")];
/// Which of the tokens or captures that were made before a command is about.
const NUMBERS: std::ops::Range<u128> = 0..6;

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_string)
}

fn row() -> impl Strategy<Value = NewSlot> {
    (select(&CODES), select(&ZONES), select(SlotState::ALL), 0..3i16).prop_map(|(code, zone, state, level)| NewSlot {
        zone: owned(zone),
        state: Some(state),
        level,
        ..new_slot(code)
    })
}

/// The `rev` that a caller claims to have seen: none, or one that may be right.
fn if_match() -> impl Strategy<Value = Option<u64>> {
    prop_oneof![4 => Just(None), 1 => (1..30u64).prop_map(Some)]
}

fn slot_command() -> impl Strategy<Value = Command> {
    let slot = || select(&CODES).prop_map(slot_ref);
    let source = select(Source::ALL);
    prop_oneof![
        2 => row().prop_map(Command::CreateSlot),
        4 => (slot(), select(SlotState::ALL), source, if_match()).prop_map(|(slot, state, source, if_match)| {
            let set = SetSlot { source: Some(source), ..SetSlot::to(state) };
            Command::SetSlot { slot, set }.only_at(if_match)
        }),
        4 => (slot(), if_match()).prop_map(|(slot, if_match)| Command::ToggleSlot { slot }.only_at(if_match)),
        2 => (slot(), select(&CODES), select(&ZONES), if_match()).prop_map(|(slot, code, zone, if_match)| {
            let code = Some(code.parse().expect("a code"));
            let patch = SlotPatch { code, zone: Some(owned(zone)), ..SlotPatch::default() };
            Command::PatchSlot { slot, patch }.only_at(if_match)
        }),
        1 => (slot(), if_match()).prop_map(|(slot, if_match)| Command::DeleteSlot { slot }.only_at(if_match)),
        1 => (prop::collection::vec(row(), 0..4), any::<bool>())
            .prop_map(|(rows, dry_run)| Command::ImportSlots { rows, dry_run }),
    ]
}

fn other_command() -> impl Strategy<Value = Command> {
    let pass = || (select(&NAMES), select(&NAMES)).prop_map(|(ticket, plate)| gate(ticket, plate));
    let camera = || select(&CAMERAS);
    prop_oneof![
        pass().prop_map(Command::EnterGate),
        pass().prop_map(Command::ExitGate),
        prop::option::of(camera()).prop_map(|camera| Command::AddCapture(Box::new(capture(0, camera)))),
        NUMBERS.prop_map(|n| Command::DeleteCapture(CaptureId(Uuid::from_u128(n)))),
        camera().prop_map(|camera| create_camera(camera, 0)),
        (camera(), 0..3u32).prop_map(|(camera, interval_s)| Command::PatchCamera {
            camera: camera_id(camera),
            patch: CameraPatch { interval_s: Some(interval_s), ..CameraPatch::default() },
        }),
        (camera(), select(CameraStatus::ALL))
            .prop_map(|(camera, status)| Command::SetCameraStatus { camera: camera_id(camera), status }),
        camera().prop_map(|camera| Command::DeleteCamera(camera_id(camera))),
        select(&[Role::Viewer, Role::Admin][..]).prop_map(|role| Command::CreateToken(Box::new(secret(0, role, None)))),
        NUMBERS.prop_map(|n| Command::RevokeToken(TokenId(Uuid::from_u128(n)))),
        select(&NAMES).prop_map(|name| Command::PatchLot(LotPatch { name: owned(name), ..LotPatch::default() })),
    ]
}

/// A command, and how long after the one before it comes: sometimes too late to take something back.
fn step() -> impl Strategy<Value = (Command, i64)> {
    (prop_oneof![2 => slot_command().boxed(), 1 => other_command().boxed()], 0..UNDO_MS)
}

/// The command with ids as the daemon gives them out: a new thing has a new one, and a named one is the `n`th that was made.
fn with_ids(mut command: Command, id: u128, world: &World) -> Command {
    let id = Uuid::from_u128(1_000_000 + id);
    match &mut command {
        Command::CreateToken(token) | Command::CreateCamera { token, .. } => token.token.id = TokenId(id),
        Command::AddCapture(capture) => capture.id = CaptureId(id),
        Command::RevokeToken(n) => {
            *n = world.state.tokens().nth(n.0.as_u128() as usize).map_or(*n, |token| token.id);
        }
        Command::DeleteCapture(n) => {
            let mut made: Vec<_> = world.facts.captures.keys().copied().collect();
            made.sort();
            *n = made.get(n.0.as_u128() as usize).copied().unwrap_or(*n);
        }
        _ => {}
    }
    command
}

fn parts(state: &LotState) -> serde_json::Value {
    serde_json::to_value(state.to_parts()).expect("parts are JSON")
}

fn session_of(change: &EventChange) -> Option<&Session> {
    match change {
        EventChange::SlotCreated { session, .. }
        | EventChange::SlotChanged { session, .. }
        | EventChange::SlotDeleted { session, .. } => session.as_ref(),
        EventChange::SessionOpened { session } | EventChange::SessionClosed { session } => Some(session),
        _ => None,
    }
}

/// Each resource carries the number of the event that made it so.
fn check_numbers(event: &Event) {
    match &event.change {
        EventChange::SlotCreated { slot, .. } | EventChange::SlotChanged { slot, .. } => {
            assert_eq!(slot.rev, event.seq);
        }
        EventChange::CaptureAdded { capture } => assert_eq!(capture.rev, event.seq),
        EventChange::CameraCreated { camera }
        | EventChange::CameraChanged { camera }
        | EventChange::CameraStatus { camera }
        | EventChange::CameraFrozen { camera }
        | EventChange::CameraMoved { camera } => assert_eq!(camera.rev, event.seq),
        EventChange::LotChanged { lot } => assert_eq!(lot.rev, event.seq),
        _ => {}
    }
    if let Some(session) = session_of(&event.change) {
        match session.state {
            // One that began earlier goes on, its end having been taken back.
            SessionState::Open => assert!(session.opened_seq <= event.seq, "{session:?}"),
            _ => assert_eq!(session.closed_seq, Some(event.seq), "{session:?}"),
        }
    }
}

/// Every session that the log has ever held, as it is now.
fn sessions(log: &[Event]) -> BTreeMap<SessionId, Session> {
    log.iter().filter_map(|event| session_of(&event.change)).map(|session| (session.id, session.clone())).collect()
}

fn check_stays(world: &World) {
    let sessions = sessions(&world.log);
    let open = |kind: SessionKind| sessions.values().filter(move |s| s.kind == kind && s.state == SessionState::Open);
    let mut staying: Vec<_> = open(SessionKind::Slot).map(|session| session.slot_id.expect("a slot's")).collect();
    let occupied = world.state.slots().filter(|slot| slot.state == SlotState::Occupied);
    let mut occupied: Vec<_> = occupied.map(|slot| slot.id).collect();
    staying.sort();
    occupied.sort();
    assert_eq!(staying, occupied, "a slot is occupied exactly while it has one open stay");
    assert_eq!(world.state.stays_open(), occupied.len());
    assert_eq!(world.state.visits_open(), open(SessionKind::Gate).count());
    for stay in open(SessionKind::Slot) {
        let kept = world.state.stay(stay.slot_id.expect("a slot's")).map(|kept| Session::clone(kept));
        assert_eq!(kept.as_ref(), Some(stay));
    }
}

fn check_counts(world: &World) {
    let (mut all, mut zones) = (Counts::default(), BTreeMap::<Option<String>, Counts>::new());
    let mut codes = BTreeSet::new();
    for slot in world.state.slots() {
        all.add(slot);
        zones.entry(slot.zone.clone()).or_default().add(slot);
        assert!(codes.insert(slot.code.clone()), "code {} stands twice", slot.code);
    }
    let stats = world.state.stats();
    assert_eq!(stats.counts, all.with_rate());
    assert_eq!(world.state.slots_len(), all.total);
    let counted: BTreeMap<_, _> = stats.zones.into_iter().map(|zone| (zone.zone, zone.counts)).collect();
    assert_eq!(counted, zones.into_iter().map(|(zone, counts)| (zone, counts.with_rate())).collect());
}

fn check_fold(world: &World) {
    let EventChange::LotCreated { lot } = &world.log[0].change else { panic!("a log begins with its lot") };
    let mut folded = LotState::new(lot.clone(), EPOCH);
    world.log.iter().for_each(|event| folded.apply(event));
    assert_eq!(parts(&folded), parts(&world.state), "the state is the fold of the log");
    let loaded = LotState::from_parts(world.state.to_parts());
    assert_eq!(parts(&loaded), parts(&world.state), "a state is read back as it was written");
    assert_eq!(loaded.stats(), world.state.stats());
}

fn has_admin(world: &World) -> bool {
    world.state.tokens().any(|token| token.role == Role::Admin && token.revoked_at.is_none())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_keeps_the_lot_whole(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for (index, (command, wait_ms)) in steps.into_iter().enumerate() {
            world.wait(wait_ms);
            let command = with_ids(command, index as u128, &world);
            let (had_admin, from) = (has_admin(&world), world.log.len());
            let is_dry = matches!(command, Command::ImportSlots { dry_run: true, .. });
            let done = world.try_run(command);
            prop_assert!(done.is_ok() || world.log.len() == from, "a refused command changes nothing");
            prop_assert!(!is_dry || world.log.len() == from, "a dry run changes nothing");
            prop_assert!(!had_admin || has_admin(&world), "an admin is left");
            world.log[from..].iter().for_each(check_numbers);
            check_stays(&world);
            check_counts(&world);
        }
        check_fold(&world);
    }
}
