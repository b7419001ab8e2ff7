//! The machine, frame by frame.

mod schedule;

use uuid::Uuid;

use super::*;
use crate::events::{Actor, Event, EventChange, WITHHELD};
use crate::live::Degraded;
use crate::lots::Lot;
use crate::slots::{Slot, SlotKind, SlotState, SlotStats, Source};
use crate::{SlotId, Time};

fn lot() -> Lot {
    let id = LotId::default();
    let (name, time_zone, currency) = ("Main".into(), "UTC".into(), "XXX".into());
    Lot { id, name, time_zone, currency, created_at: Time::from_ms(0), rev: 1 }
}

fn slot(number: u8, state: SlotState, rev: u64) -> Slot {
    Slot {
        id: SlotId(Uuid::from_u128(number.into())),
        code: format!("A-{number}").parse().expect("a slot code"),
        zone: None,
        level: 0,
        kind: SlotKind::Standard,
        state,
        source: Source::Manual,
        position: None,
        rev,
        observed_at: Time::from_ms(0),
        changed_at: Time::from_ms(0),
        note: None,
        stale_since: None,
        suggested: None,
    }
}

fn changed(seq: u64, number: u8, state: SlotState) -> LogEntry {
    let change = EventChange::SlotChanged { slot: slot(number, state, seq), session: None };
    LogEntry::Event(Box::new(Event { seq, at: Time::from_ms(0), actor: Actor::system("test"), change, audit: None }))
}

fn withheld(seq: u64) -> LogEntry {
    LogEntry::Other { seq, kind: WITHHELD.into() }
}

fn hello(epoch: &str, head: u64) -> Frame {
    Frame::Hello(Hello {
        protocol: PROTOCOL,
        lot: crate::LOT_DEFAULT.into(),
        epoch: epoch.into(),
        head,
        floor: 1,
        heartbeat_s: 15,
        at: Time::from_ms(0),
        version: "0.1.0".into(),
    })
}

fn snapshot(seq: u64, reason: SnapshotReason, slots: Vec<Slot>) -> Frame {
    let stats = SlotStats { seq, counts: Default::default(), zones: Vec::new() };
    Frame::Snapshot(Box::new(Snapshot { seq, reason, lot: lot(), slots, cameras: Vec::new(), stats }))
}

fn events(entries: impl IntoIterator<Item = LogEntry>) -> Frame {
    Frame::Events(Events { events: entries.into_iter().collect() })
}

fn lagged(from: u64, to: u64, slots: Vec<Slot>) -> Frame {
    let (deleted, cameras) = (Vec::new(), Vec::new());
    Frame::Lagged(Box::new(Lagged { from, to, slots, deleted, cameras, lot: None }))
}

fn resumed(from: u64, head: u64) -> Frame {
    Frame::Resumed(Resumed { from, head })
}

fn heartbeat(head: u64) -> Frame {
    Frame::Heartbeat(Heartbeat { head, at: Time::from_ms(0) })
}

fn bye(code: u16, retry_after_ms: Option<u64>) -> Frame {
    Frame::Bye(Bye { code, reason: "for a test".into(), retry_after_ms })
}

fn at(epoch: &str, seq: u64) -> Option<Cursor> {
    Some(Cursor { epoch: epoch.into(), seq })
}

/// Steps through `frames` and names what came out, up to the first interruption.
fn play(machine: &mut Machine, frames: impl IntoIterator<Item = Frame>) -> (Vec<String>, Option<Interrupted>) {
    let mut out = Vec::new();
    let interrupted = frames.into_iter().find_map(|frame| machine.step(frame, &mut out).err());
    let name = |delivery: Delivery| match delivery.message {
        LiveMessage::State(state) => format!("{state:?}"),
        LiveMessage::Greeted { .. } => "Greeted".into(),
        LiveMessage::Snapshot(snapshot) => format!("snapshot {}", snapshot.seq),
        LiveMessage::Event(event) => format!("event {}", event.seq),
        LiveMessage::Skipped { seq, kind } => format!("{kind} {seq}"),
        LiveMessage::Lagged(lagged) => format!("lagged {}", lagged.to),
        LiveMessage::Degraded(degraded) => format!("degraded {}", degraded.active),
        LiveMessage::Heartbeat { head, .. } => format!("heartbeat {head}"),
        LiveMessage::Ended(error) => format!("ended {error}"),
    };
    (out.into_iter().map(name).collect(), interrupted)
}

fn machine(cursor: Option<Cursor>) -> Machine {
    let mut machine = Machine::new(LotId::default(), cursor);
    machine.open();
    machine
}

/// A machine that is live at `seq` of epoch `e`.
fn live(seq: u64) -> Machine {
    let mut machine = machine(at("e", seq));
    let (_, interrupted) = play(&mut machine, [hello("e", seq), resumed(seq, seq)]);
    assert_eq!(interrupted, None);
    assert!(machine.is_live());
    machine
}

fn event(seq: u64) -> LogEntry {
    changed(seq, 1, SlotState::Occupied)
}

fn reason(interrupted: Option<Interrupted>) -> String {
    match interrupted {
        Some(Interrupted::Retry { reason, .. }) => reason,
        other => panic!("a reason to reconnect, not {other:?}"),
    }
}

#[test]
fn a_snapshot_is_live_at_once_and_a_resumed_stream_when_it_has_caught_up() {
    let mut new = machine(None);
    let (out, _) = play(&mut new, [hello("e", 7), snapshot(7, SnapshotReason::NoCursor, Vec::new())]);
    assert_eq!(out, ["Greeted", "CatchingUp", "snapshot 7", "Live"]);
    assert_eq!(new.open(), at("e", 7));

    let mut back = machine(at("e", 7));
    let frames = [hello("e", 9), resumed(7, 9), events([event(8)]), events([event(9), event(10)])];
    let (out, _) = play(&mut back, frames);
    assert_eq!(out, ["Greeted", "CatchingUp", "event 8", "event 9", "Live", "event 10"]);
    assert_eq!(back.open(), at("e", 10));
}

#[test]
fn what_is_known_is_dropped_and_what_is_missing_is_fetched_by_reconnecting() {
    let mut machine = live(5);
    let (out, interrupted) = play(&mut machine, [events([event(4), event(5), event(6)]), events([event(7), event(9)])]);
    assert_eq!(out, ["event 6", "event 7"]);
    assert_eq!(reason(interrupted), "event 8 is missing: 9 came after 7");
    assert_eq!(machine.open(), at("e", 7));
}

#[test]
fn withheld_events_and_unknown_frames_leave_the_chain_whole() {
    let mut machine = live(5);
    let degraded = Frame::Degraded(Degraded { active: true, detail: "the disk is slow".into() });
    let (out, interrupted) =
        play(&mut machine, [events([withheld(6)]), Frame::Unknown, degraded, events([event(7)]), heartbeat(7)]);
    assert_eq!(out, ["withheld 6", "degraded true", "event 7", "heartbeat 7"]);
    assert_eq!(interrupted, None);
}

#[test]
fn a_summary_moves_the_cursor_only_from_where_it_stands() {
    let mut machine = live(5);
    let (out, interrupted) = play(&mut machine, [lagged(5, 9, Vec::new()), events([event(10)])]);
    assert_eq!(out, ["lagged 9", "event 10"]);
    assert_eq!(interrupted, None);

    let (out, interrupted) = play(&mut machine, [lagged(11, 15, Vec::new())]);
    assert!(out.is_empty());
    assert_eq!(reason(interrupted), "a summary of the events 11 to 15 came, but we are at 10");
    assert_eq!(machine.open(), at("e", 10));
}

#[test]
fn a_catching_up_client_that_is_lagged_beyond_the_head_is_live() {
    let mut machine = machine(at("e", 5));
    let (out, _) = play(&mut machine, [hello("e", 9), resumed(5, 9), lagged(5, 12, Vec::new())]);
    assert_eq!(out, ["Greeted", "CatchingUp", "lagged 12", "Live"]);
}

#[test]
fn a_heartbeat_may_overtake_its_events_once_but_not_twice() {
    let mut machine = live(5);
    let (_, interrupted) = play(&mut machine, [heartbeat(5), heartbeat(6), events([event(6)]), heartbeat(7)]);
    assert_eq!(interrupted, None);
    let (_, interrupted) = play(&mut machine, [heartbeat(7)]);
    assert_eq!(reason(interrupted), "the events after 6 did not come, though there are 7");
}

#[test]
fn frames_out_of_turn_end_the_connection_and_change_nothing() {
    let begin = || snapshot(7, SnapshotReason::TooOld, Vec::new());
    let cases: [(&str, Vec<Frame>); 9] = [
        ("events first", vec![events([event(6)])]),
        ("a snapshot before hello", vec![begin()]),
        ("resumed before hello", vec![resumed(5, 5)]),
        ("a summary before the stream", vec![hello("e", 5), lagged(5, 6, Vec::new())]),
        ("hello twice", vec![hello("e", 5), hello("e", 5)]),
        ("resumed elsewhere", vec![hello("e", 5), resumed(4, 5)]),
        ("resumed in another log", vec![hello("f", 5), resumed(5, 5)]),
        ("resumed behind its own start", vec![hello("e", 5), resumed(5, 4)]),
        ("a snapshot of the past", vec![hello("e", 5), snapshot(3, SnapshotReason::TooOld, Vec::new())]),
    ];
    for (name, frames) in cases {
        let mut machine = machine(at("e", 5));
        let (_, interrupted) = play(&mut machine, frames);
        assert!(matches!(interrupted, Some(Interrupted::Retry { after: None, .. })), "{name}: {interrupted:?}");
        assert_eq!(machine.open(), at("e", 5), "{name}");
    }
    let mut machine = live(5);
    let (_, interrupted) = play(&mut machine, [begin()]);
    assert_eq!(reason(interrupted), "a snapshot came in the middle of the stream");
}

#[test]
fn a_server_that_is_behind_may_take_the_client_back() {
    let mut machine = machine(at("e", 5));
    let (out, _) = play(&mut machine, [hello("e", 3), snapshot(3, SnapshotReason::Ahead, Vec::new())]);
    assert_eq!(out, ["Greeted", "CatchingUp", "snapshot 3", "Live"]);
    assert_eq!(machine.open(), at("e", 3));
}

#[test]
fn a_place_where_the_log_has_a_hole_is_left_by_asking_for_a_snapshot() {
    let mut machine = live(5);
    for attempt in 1..=FAULTS_MAX {
        let (_, interrupted) = play(&mut machine, [events([event(7)])]);
        assert_eq!(reason(interrupted), "event 6 is missing: 7 came after 5", "attempt {attempt}");
        let asked = machine.open();
        assert_eq!(asked, if attempt < FAULTS_MAX { at("e", 5) } else { None });
        if asked.is_some() {
            play(&mut machine, [hello("e", 7), resumed(5, 7)]);
        }
    }
    let (out, _) = play(&mut machine, [hello("e", 7), snapshot(7, SnapshotReason::NoCursor, Vec::new())]);
    assert_eq!(out, ["Greeted", "CatchingUp", "snapshot 7", "Live"]);
    assert_eq!(machine.open(), at("e", 7));
}

#[test]
fn a_farewell_says_whether_and_when_to_come_back() {
    let (_, interrupted) = play(&mut live(5), [bye(close::SHUTDOWN, Some(1_500))]);
    let after = Some(Duration::from_millis(1_500));
    assert_eq!(interrupted, Some(Interrupted::Retry { reason: "for a test".into(), after }));
    assert_eq!(reason(Some(live(5).closed(1006, ""))), "the server closed with 1006");

    for (code, expected) in [
        (close::BAD_TOKEN, Some(ProblemCode::Unauthenticated)),
        (close::LOT_GONE, Some(ProblemCode::LotNotFound)),
        (close::PROTOCOL, None),
        (4999, None),
    ] {
        let (_, interrupted) = play(&mut live(5), [bye(code, None)]);
        assert_eq!(interrupted, Some(live(5).closed(code, "for a test")), "{code}");
        let Some(Interrupted::End(error)) = interrupted else { panic!("{code} is the end") };
        assert!(error.to_string().contains(&code.to_string()), "{error}");
        match error {
            Error::Refused(problem) => assert_eq!(Some(problem.code), expected),
            _ => assert_eq!(None, expected),
        }
    }
}

#[test]
fn another_protocol_or_another_lot_is_the_end() {
    let Frame::Hello(good) = hello("e", 5) else { unreachable!("it is a hello") };
    for bad in [Hello { protocol: PROTOCOL + 1, ..good.clone() }, Hello { lot: "north".into(), ..good.clone() }] {
        let (out, interrupted) = play(&mut machine(None), [Frame::Hello(bad)]);
        assert!(out.is_empty());
        assert!(matches!(interrupted, Some(Interrupted::End(Error::Protocol { .. }))), "{interrupted:?}");
    }
}

#[test]
fn no_heartbeat_that_is_announced_makes_the_client_impatient_or_deaf() {
    let Frame::Hello(good) = hello("e", 5) else { unreachable!("it is a hello") };
    for (heartbeat_s, dead_after_ms) in [(0, 2_500), (1, 2_500), (15, 37_500), (u64::MAX, 750_000)] {
        let mut machine = machine(None);
        assert_eq!(machine.dead_after(), Duration::from_millis(37_500));
        play(&mut machine, [Frame::Hello(Hello { heartbeat_s, ..good.clone() })]);
        assert_eq!(machine.dead_after(), Duration::from_millis(dead_after_ms));
    }
}
