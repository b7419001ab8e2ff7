//! Several lots, several levels, and what must be seen on every screen.

use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
use parking_api::LotId;
use parking_api::cameras::CameraStatus;
use parking_api::client::{LinkState, LiveMessage};
use parking_api::slots::SlotState;
use ratatui::layout::Position;
use ratatui::style::Color;

use super::{SIZES, offline, screen, text};
use crate::demo::lot::DemoLot;
use crate::effect::{Effect, Fetch};
use crate::fixture::{as_viewer, blank, live, now, press, selected, send, told, type_in, wait};
use crate::model::{Model, Pane};
use crate::msg::{Fetched, Msg};
use crate::view::{Target, target};

fn id() -> LotId {
    "north".parse().expect("an id")
}

/// Another lot, live: the demo lot, but all is free.
pub fn north(model: &mut Model, demo: &DemoLot) {
    let mut snapshot = demo.snapshot();
    (snapshot.lot.id, snapshot.lot.name) = (id(), "North deck".into());
    snapshot.slots.iter_mut().for_each(|slot| slot.state = SlotState::Free);
    send(model, Msg::Lots(Ok(vec![demo.snapshot().lot, snapshot.lot.clone()])));
    send(model, Msg::Live { lot: id(), message: LiveMessage::Snapshot(Box::new(snapshot)) });
    send(model, Msg::Live { lot: id(), message: LiveMessage::State(LinkState::Live) });
}

pub fn north_is_gone(model: &mut Model) {
    let state = LinkState::Offline { since: now(), retry_in: Duration::from_secs(3), reason: "reset".into() };
    send(model, Msg::Live { lot: id(), message: LiveMessage::State(state) });
}

pub fn wheel(model: &mut Model, is_up: bool) -> Vec<Effect> {
    let kind = if is_up { MouseEventKind::ScrollUp } else { MouseEventKind::ScrollDown };
    send(model, Msg::Mouse(MouseEvent { kind, column: 5, row: 8, modifiers: KeyModifiers::NONE }))
}

fn row(model: &Model, y: usize) -> String {
    text(model).lines().nth(y).unwrap_or_default().to_string()
}

#[test]
fn two_lots_are_two_tabs_and_each_keeps_its_own_cursor_and_pane() {
    let (mut model, demo) = live((120, 40));
    let lots = vec![demo.snapshot().lot, parking_api::lots::Lot { id: id(), ..demo.snapshot().lot }];
    let followed = send(&mut model, Msg::Lots(Ok(lots.clone())));
    assert_eq!(followed, [Effect::Follow(id())], "what is wrong there is to be seen here");
    assert_eq!(send(&mut model, Msg::Lots(Ok(lots))), [], "once");
    north(&mut model, &demo);
    assert!(row(&model, 0).starts_with(" Demo car park · North deck "), "{}", row(&model, 0));
    press(&mut model, "l l > 4");
    assert_eq!((model.tab().lot.id.clone(), model.tab().pane), (id(), Pane::Cameras));
    assert!(row(&model, 1).contains("○ 48 free"));
    press(&mut model, "<");
    assert_eq!((selected(&model), model.tab().pane), ("A-03", Pane::Slots));
    assert_eq!(target(&model, Position::new(20, 0)), Some(Target::Lot(1)));
    let change = demo.events().last().expect("an event").clone();
    send(&mut model, Msg::Live { lot: id(), message: LiveMessage::Event(Box::new(change)) });
    assert_eq!(model.tabs[0].lot.seq, demo.seq(), "news of one lot are none of the other");
}

#[test]
fn what_is_wrong_in_another_lot_is_seen_on_its_tab() {
    let (mut model, demo) = live((80, 24));
    north(&mut model, &demo);
    assert!(!row(&model, 0).contains('▲'));
    north_is_gone(&mut model);
    assert!(row(&model, 0).contains("▲North deck"), "{}", row(&model, 0));
    assert!(row(&model, 0).contains("● live"));
    press(&mut model, ">");
    assert!(row(&model, 0).contains("reconnecting") && row(&model, 2).contains("offline since"), "{}", text(&model));
}

#[test]
fn the_lot_that_is_looked_at_is_in_sight_among_many() {
    for size in SIZES {
        let (mut model, demo) = live(size);
        let lot =
            |n: u32| parking_api::lots::Lot { id: format!("lot-{n}").parse().expect("an id"), ..demo.snapshot().lot };
        send(&mut model, Msg::Lots(Ok((1..16).map(lot).collect())));
        press(&mut model, "<");
        assert!(row(&model, 0).contains("… ") && row(&model, 0).contains("lot-15"), "{}", row(&model, 0));
        assert!(matches!(target(&model, Position::new(1, 0)), Some(Target::Lot(at)) if at < 15));
    }
}

#[test]
fn lots_that_have_no_room_are_seen_to_be_there_and_whether_something_is_wrong_with_them() {
    for size in SIZES {
        let (mut model, demo) = live(size);
        model.tabs[0].lot.lot.as_mut().expect("it is known").name =
            "The car park behind the old market hall ".repeat(3);
        north(&mut model, &demo);
        let sign = |model: &Model| row(model, 0).split(" ●").next().unwrap_or_default().trim_end().to_string();
        assert!(sign(&model).ends_with("… …"), "{}", sign(&model));
        let at = sign(&model).chars().count() as u16 - 1;
        assert_eq!(target(&model, Position::new(at, 0)), Some(Target::Lot(1)));
        north_is_gone(&mut model);
        assert!(sign(&model).ends_with("… ▲…"), "{}", sign(&model));
    }
}

#[test]
fn levels_are_gone_through_and_which_is_shown_is_said() {
    let (mut model, demo) = live((80, 24));
    let mut snapshot = demo.snapshot();
    snapshot.slots.iter_mut().filter(|slot| slot.zone.as_deref() == Some("C")).for_each(|slot| slot.level = 1);
    told(&mut model, LiveMessage::Snapshot(Box::new(snapshot)));
    assert!(text(&model).contains("level 0 of 2") && !text(&model).contains("C-01"));
    press(&mut model, "+");
    assert!(text(&model).contains("level 1 of 2") && text(&model).contains("C-01") && !text(&model).contains("B-01"));
    assert_eq!(selected(&model), "C-01");
    press(&mut model, "+ - :");
    assert!(text(&model).contains("level 0 of 2"));
    type_in(&mut model, "goto C-05");
    press(&mut model, "enter");
    assert_eq!(selected(&model), "C-05");
    assert!(text(&model).contains("level 1 of 2"));
    send(&mut model, Msg::Resize(40, 12));
    assert!(row(&model, 10).contains("level 1 of 2"), "{}", text(&model));
}

#[test]
fn the_wheel_moves_whatever_is_looked_at() {
    let (mut model, _) = live((80, 24));
    wheel(&mut model, false);
    assert_eq!(selected(&model), "A-09");
    wheel(&mut model, true);
    assert_eq!(selected(&model), "A-01");
    press(&mut model, "5");
    wheel(&mut model, false);
    assert!(model.tab().events.at.is_some());
    wheel(&mut model, true);
    assert_eq!(model.tab().events.at, None, "the newest is followed again");
}

#[test]
fn who_one_is_and_may_do_is_seen_on_every_screen() {
    for (columns, rows) in [(40, 12), (44, 14), (60, 16), (80, 24), (200, 60)] {
        let (mut model, _) = live((columns, rows));
        assert!(row(&model, 0).contains("ayu att"), "{}", row(&model, 0));
        as_viewer(&mut model);
        assert!(row(&model, 0).contains("ayu view"), "{}", row(&model, 0));
        offline(&mut model);
        assert!(row(&model, 0).contains("ayu view") && row(&model, 0).contains(" in 3 s"), "{}", row(&model, 0));
        model.is_read_only = true;
        assert!(row(&model, 0).contains("ayu r"), "{}", row(&model, 0));
    }
}

#[test]
fn a_filter_and_marks_are_seen_on_every_screen() {
    for (columns, rows) in [(40, 12), (40, 20), (60, 16), (80, 15), (80, 16), (120, 40)] {
        let (mut model, _) = live((columns, rows));
        press(&mut model, "space /");
        type_in(&mut model, "zone:B");
        press(&mut model, "enter");
        assert!(text(&model).contains("only zone:B"), "{}", text(&model));
        press(&mut model, "5 /");
        type_in(&mut model, "free");
        press(&mut model, "enter");
        assert!(text(&model).contains("only free"), "{}", text(&model));
    }
}

#[test]
fn nothing_that_is_stale_is_as_bright_as_it_was() {
    for size in [(80, 24), (40, 12), (30, 8), (20, 4)] {
        let (mut model, _) = live(size);
        wait(&mut model, 2_000);
        let ink = |model: &Model, what: &str| {
            let buf = screen(model);
            let at = buf.content.iter().position(|cell| cell.symbol() == what).expect(what);
            buf.content[at].fg
        };
        let is_shown = |model: &Model, what: &str| screen(model).content.iter().any(|cell| cell.symbol() == what);
        // The first is that of the link as well, which is not stale.
        let signs: Vec<&str> = ["○", "◆", "✕", "━", "▆"].into_iter().filter(|sign| is_shown(&model, sign)).collect();
        let bright: Vec<Color> = signs.iter().map(|sign| ink(&model, sign)).collect();
        told(&mut model, LiveMessage::State(LinkState::CatchingUp));
        for (sign, bright) in signs.iter().zip(bright).skip(1) {
            assert_ne!(ink(&model, sign), bright, "{sign} at {size:?}\n{}", text(&model));
        }
    }
}

#[test]
fn nothing_is_counted_before_anything_is_known() {
    for size in SIZES {
        assert!(!text(&blank(size)).contains("○ 0"), "{}", text(&blank(size)));
    }
}

#[test]
fn alarms_that_do_not_fit_are_counted() {
    let (mut model, demo) = live((80, 24));
    let silent = |n: u32| {
        let mut camera = demo.snapshot().cameras[0].clone();
        (camera.id, camera.status) = (format!("cam-{n}").parse().expect("an id"), CameraStatus::Offline);
        camera
    };
    let cameras = |count| Fetched::Cameras((1..=count).map(silent).collect());
    send(&mut model, Msg::Fetched { lot: demo.id(), result: Ok(cameras(1)) });
    assert!(!row(&model, 2).contains("more"));
    send(&mut model, Msg::Fetched { lot: demo.id(), result: Ok(cameras(9)) });
    let line = row(&model, 2);
    let shown = line.matches("cam-").count();
    assert!(shown > 1 && line.ends_with(&format!("+{} more", 9 - shown)), "{line}");
}

#[test]
fn ages_are_by_the_clock_of_the_daemon_from_the_first_that_it_says() {
    let (mut model, demo) = (blank((80, 24)), live((80, 24)).1);
    told(&mut model, LiveMessage::Greeted { at: now().plus_ms(600_000) });
    assert_eq!(model.tab().lot.heard_at, None, "nothing is known of the lot");
    told(&mut model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
    assert!(row(&model, 22).contains("free for 58 min") && row(&model, 0).contains("10:10"), "{}", text(&model));
}

#[test]
fn ages_are_by_the_clock_of_the_daemon() {
    let (mut model, _) = live((80, 24));
    let before = row(&model, 22);
    assert!(before.contains("free for 48 min"), "{before}");
    told(&mut model, LiveMessage::Heartbeat { head: 1, at: now().plus_ms(600) });
    assert_eq!(row(&model, 22), before, "that is the line");
    told(&mut model, LiveMessage::Heartbeat { head: 1, at: now().plus_ms(600_000) });
    assert!(row(&model, 22).contains("free for 58 min") && row(&model, 0).contains("10:10"), "{}", text(&model));
    assert!(model.tab().lot.heard_at == Some(model.now), "it was heard of just now");
    wait(&mut model, 60_000);
    assert!(row(&model, 22).contains("free for 59 min"));
    assert_eq!(model.here(), now().plus_ms(60_000));
}

#[test]
fn after_an_outage_the_daemon_is_asked_what_nobody_here_saw() {
    let (mut model, demo) = live((120, 40));
    let whole = row(&model, 1);
    offline(&mut model);
    wait(&mut model, 2 * crate::trend::STEP_MS);
    let effects = told(&mut model, LiveMessage::State(LinkState::Live));
    assert!(effects.contains(&Effect::Fetch { lot: demo.id(), what: Fetch::Trend }), "{effects:?}");
    let at = model.now;
    told(&mut model, LiveMessage::Heartbeat { head: demo.seq(), at });
    let spark = |line: &str| line.rsplit(" % ").next().map(String::from).expect("a sparkline");
    let gap = spark(&row(&model, 1));
    assert_eq!(gap.matches(' ').count(), 1, "the quarter of the outage: {gap:?}");
    assert_eq!(spark(&whole).matches(' ').count(), 0, "{whole:?}");
}
