//! What is seen: every pane at three sizes as a snapshot, and no message or size that ends in a panic.

mod lots;
mod why;

use std::time::Duration;

use parking_api::cameras::CameraStatus;
use parking_api::client::{LinkState, LiveMessage};
use parking_api::slots::SlotState;
use proptest::prelude::*;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Modifier};

use super::{Target, draw, target};
use crate::actions::Action;
use crate::demo::lot::DemoLot;
use crate::fixture::{answer, blank, fetched, id, live, now, press, send, told, type_in, wait};
use crate::images::choice::Chosen;
use crate::images::{Drawing, Protocol};
use crate::keymap::Chord;
use crate::model::Model;
use crate::msg::{Fetched, Msg};
use crate::theme::{Depth, THEMES};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (40, 12)];

fn screen(model: &Model) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    draw(model, &mut buf);
    buf
}

fn text(model: &Model) -> String {
    let buf = screen(model);
    let mut lines = String::new();
    for y in 0..buf.area.height {
        let line: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
        lines += line.trim_end();
        lines.push('\n');
    }
    lines
}

/// Compares the screen with the one that is kept, at each size.
fn snapshots(name: &str, arrange: impl Fn(&mut Model, &mut DemoLot)) {
    for size in SIZES {
        let (mut model, mut demo) = live(size);
        wait(&mut model, 2_000);
        arrange(&mut model, &mut demo);
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), text(&model));
    }
}

fn offline(model: &mut Model) {
    let state =
        LinkState::Offline { since: now(), retry_in: Duration::from_secs(3), reason: "connection refused".into() };
    told(model, LiveMessage::State(state));
}

#[test]
fn the_slots_as_a_map() {
    snapshots("map", |_, _| {});
}

#[test]
fn the_slots_closer_together() {
    snapshots("compact", |model, _| drop(press(model, "v space l space")));
}

#[test]
fn the_slots_as_a_list() {
    snapshots("list", |model, _| drop(press(model, "v v j j j")));
}

#[test]
fn some_of_the_slots() {
    snapshots("filter", |model, _| {
        press(model, "/");
        type_in(model, "state:occ zone:B");
    });
}

#[test]
fn one_slot() {
    snapshots("slot", |model, demo| {
        press(model, "l enter");
        let slot = id(model, "A-02");
        let (events, stay) = demo.history(slot);
        fetched(model, Fetched::History { slot, events, stay });
    });
}

#[test]
fn the_stays() {
    snapshots("stays", |model, demo| {
        press(model, "3 j");
        fetched(model, Fetched::Sessions(demo.sessions()));
    });
}

#[test]
fn the_cameras_one_of_which_is_silent() {
    snapshots("cameras", |model, demo| {
        let mut cameras = demo.snapshot().cameras;
        cameras[1].status = CameraStatus::Offline;
        cameras[1].status_at = now().plus_ms(-240_000);
        cameras[1].blind_slots = model.tab().lot.slots[32..].iter().map(|slot| slot.code.clone()).collect();
        fetched(model, Fetched::Cameras(cameras));
        let effects = press(model, "4");
        answer(model, demo, effects, true);
    });
}

#[test]
fn slots_that_nobody_confirms_and_slots_that_a_camera_sees_otherwise() {
    snapshots("doubt", |model, demo| {
        let mut snapshot = demo.snapshot();
        for slot in &mut snapshot.slots[..3] {
            slot.stale_since = Some(now().plus_ms(-600_000));
        }
        let is_free = snapshot.slots[3].state == SlotState::Free;
        snapshot.slots[3].suggested = Some(if is_free { SlotState::Occupied } else { SlotState::Free });
        snapshot.seq += 1;
        told(model, LiveMessage::Snapshot(Box::new(snapshot)));
        wait(model, 3_000);
        press(model, "l l l");
    });
}

#[test]
fn the_events() {
    snapshots("events", |model, _| drop(press(model, "5 j j")));
}

#[test]
fn the_help() {
    snapshots("help", |model, _| drop(press(model, "? down")));
}

#[test]
fn the_help_says_each_thing_whole_on_a_terminal_of_the_usual_size() {
    let (mut model, _) = live((80, 24));
    press(&mut model, "?");
    for _ in Action::ALL {
        let shown = text(&model);
        assert!(!shown.contains('…'), "{shown}");
        press(&mut model, "down");
    }
}

#[test]
fn the_palette() {
    snapshots("palette", |model, _| {
        press(model, "ctrl-p");
        type_in(model, "cl");
    });
}

#[test]
fn a_command_and_what_it_could_become() {
    snapshots("command", |model, _| {
        press(model, ":");
        type_in(model, "set A-04 ");
        press(model, "tab");
    });
}

#[test]
fn a_question_about_many() {
    snapshots("confirm", |model, _| drop(press(model, "space l space c enter")));
}

#[test]
fn an_outage() {
    snapshots("offline", |model, _| offline(model));
}

#[test]
fn a_change_that_is_pending_and_one_that_was_done() {
    snapshots("done", |model, demo| {
        let effects = press(model, "f");
        answer(model, demo, effects, true);
        press(model, "l o");
    });
}

#[test]
fn the_picture_beside_the_history_and_one_that_is_large() {
    snapshots("moment", |model, demo| {
        press(model, "l enter");
        let slot = id(model, "A-02");
        let (events, stay) = demo.history(slot);
        fetched(model, Fetched::History { slot, events, stay });
        let effects = press(model, "[ [");
        answer(model, demo, effects, true);
    });
    snapshots("large", |model, demo| {
        press(model, "4");
        let effects = press(model, "j i");
        answer(model, demo, effects, true);
    });
}

#[test]
fn what_changed_while_nobody_could_look() {
    snapshots("away", |model, demo| {
        offline(model);
        for minute in 1..30 {
            demo.step(now().plus_ms(minute * 60_000));
        }
        wait(model, 1_800_000);
        told(model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
        told(model, LiveMessage::State(LinkState::Live));
        press(model, "w j");
    });
}

/// The console with a picture in pixels beside the slots.
fn in_pixels() -> (Model, DemoLot) {
    let (mut model, mut demo) = live((120, 40));
    let drawing = Drawing { protocol: Protocol::Sixel, cell: (8, 16) };
    let effects = send(&mut model, Msg::Terminal(Box::new(Chosen { drawing, ..Chosen::default() })));
    answer(&mut model, &mut demo, effects, true);
    (model, demo)
}

#[test]
fn pixels_lie_over_cells_and_give_way_to_what_stands_over_them() {
    let (mut model, _) = in_pixels();
    let under = |model: &Model| {
        let mut buf = Buffer::empty(Rect::new(0, 0, 120, 40));
        let drawn = draw(model, &mut buf);
        let skipped = buf.content.iter().filter(|cell| cell.diff_option == CellDiffOption::Skip).count();
        (drawn.pixels, skipped)
    };
    let (pixels, skipped) = under(&model);
    let [(area, _)] = pixels[..] else { panic!("one picture: {pixels:?}") };
    assert_eq!(skipped, usize::from(area.width * area.height));
    assert!(area.bottom() < 39, "never on the last row, which would scroll");
    press(&mut model, "f12");
    assert_eq!(under(&model), (Vec::new(), 0), "the figures stand over it");
    press(&mut model, "f12");
    assert_eq!(under(&model).1, skipped);
    offline(&mut model);
    assert_eq!(under(&model), (Vec::new(), 0), "what is stale is dim, which pixels cannot be");
}

#[test]
fn ascii_is_nothing_but_ascii() {
    for size in SIZES {
        let (mut model, mut demo) = live(size);
        model.look.is_ascii = true;
        let lot = &mut model.tabs[0].lot;
        lot.slots[0].note = Some("für Zoë, 車".into());
        lot.lot.as_mut().expect("it is known").name = "Parkhaus Süd".into();
        for keys in ["space", "v", "v", "v", "5", "4", "3", "2", "1", "i", "?"] {
            let effects = press(&mut model, keys);
            answer(&mut model, &mut demo, effects, true);
            let shown = text(&model);
            assert!(shown.is_ascii(), "{keys}: {:?}", shown.chars().find(|c| !c.is_ascii()));
        }
    }
}

#[test]
fn stale_data_is_dim_and_no_longer_claims_to_be_live() {
    let (mut model, _) = live((120, 40));
    let bright = screen(&model);
    offline(&mut model);
    let dim = screen(&model);
    assert!(text(&model).contains("reconnecting in 3 s"));
    assert!(!text(&model).contains("● live"));
    // The same slot, a line lower.
    let at = |buf: &Buffer, y: u16| buf[(3, y)].fg;
    assert_ne!(at(&bright, 4), at(&dim, 5));
}

#[test]
fn without_colours_selection_and_states_still_differ() {
    let (mut model, _) = live((80, 24));
    model.look.depth = Depth::Mono;
    let buf = screen(&model);
    assert!(buf.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    assert!(buf.content.iter().any(|cell| cell.modifier.contains(Modifier::REVERSED)));
    assert!(buf.content.iter().filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count() < 80);
}

#[test]
fn whatever_is_seen_can_be_clicked() {
    let (mut model, _) = live((120, 40));
    let shown = text(&model);
    let find = |what: &str| {
        let (y, line) = shown.lines().enumerate().find(|(_, line)| line.contains(what)).expect(what);
        let x = line.split(what).next().map_or(0, |before| before.chars().count());
        Position::new(x as u16, y as u16)
    };
    assert_eq!(target(&model, find("A-05")), Some(Target::Slot(id(&model, "A-05"))));
    assert_eq!(target(&model, find("toggle")), Some(Target::Do(Action::Toggle)));
    assert_eq!(target(&model, find("Cameras")), Some(Target::Do(Action::Cameras)));
    press(&mut model, "5");
    assert_eq!(target(&model, Position::new(5, 6)), Some(Target::Row(2)));
}

/// Anything that a person or a daemon might do.
fn anything() -> impl Strategy<Value = Doing> {
    let keys =
        Action::ALL.iter().flat_map(|action| action.default_keys()).copied().chain(["x", "delete", "alt-x", "9"]);
    let keys: Vec<&str> = keys.filter(|key| !["q", "ctrl-c", "ctrl-z"].contains(key)).collect();
    prop_oneof![
        8 => proptest::sample::select(keys).prop_map(Doing::Key),
        2 => (0_u16..260, 0_u16..90).prop_map(|(columns, rows)| Doing::Resize(columns, rows)),
        2 => (0_u16..200, 0_u16..60, any::<bool>()).prop_map(|(x, y, is_right)| Doing::Click(x, y, is_right)),
        1 => any::<bool>().prop_map(Doing::Wheel),
        1 => any::<bool>().prop_map(Doing::Elsewhere),
        1 => "[a-z:~!<>0-9 ]{0,12}".prop_map(Doing::Paste),
        2 => Just(Doing::Step),
        1 => Just(Doing::Snapshot),
        1 => Just(Doing::Offline),
        1 => (0_i64..100_000).prop_map(Doing::Wait),
    ]
}

#[derive(Debug, Clone)]
enum Doing {
    Key(&'static str),
    Resize(u16, u16),
    Click(u16, u16, bool),
    Wheel(bool),
    /// Another lot comes, or is lost from sight.
    Elsewhere(bool),
    Paste(String),
    Step,
    Snapshot,
    Offline,
    Wait(i64),
}

fn act(model: &mut Model, demo: &mut DemoLot, doing: Doing) {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    match doing {
        Doing::Key(key) => {
            let effects = send(model, Msg::Key(key.parse::<Chord>().expect(key).event()));
            answer(model, demo, effects, true);
        }
        Doing::Resize(columns, rows) => drop(send(model, Msg::Resize(columns, rows))),
        Doing::Click(column, row, is_right) => {
            let button = if is_right { MouseButton::Right } else { MouseButton::Left };
            let kind = MouseEventKind::Down(button);
            let effects = send(model, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
            answer(model, demo, effects, false);
        }
        Doing::Wheel(is_up) => drop(lots::wheel(model, is_up)),
        Doing::Elsewhere(true) => lots::north(model, demo),
        Doing::Elsewhere(false) => lots::north_is_gone(model),
        Doing::Paste(text) => drop(send(model, Msg::Paste(text))),
        Doing::Step => {
            if let Some(event) = demo.step(model.now) {
                told(model, LiveMessage::Event(event));
            }
        }
        Doing::Snapshot => {
            told(model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
            told(model, LiveMessage::State(LinkState::Live));
        }
        Doing::Offline => offline(model),
        Doing::Wait(ms) => drop(wait(model, ms)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_messages_and_no_size_ends_in_a_panic(
        doings in proptest::collection::vec(anything(), 1..60), is_known: bool, theme in 0..THEMES.len(),
    ) {
        let (mut model, mut demo) = live((100, 30));
        if !is_known {
            model = blank((100, 30));
        }
        model.look.theme = &THEMES[theme];
        for doing in doings {
            act(&mut model, &mut demo, doing);
            screen(&model);
        }
    }

    #[test]
    fn a_screen_that_shrank_before_its_size_was_told_is_no_panic(columns in 0_u16..100, rows in 0_u16..40) {
        let (model, _) = live((100, 40));
        let mut buf = Buffer::empty(Rect::new(0, 0, columns, rows));
        draw(&model, &mut buf);
    }
}
