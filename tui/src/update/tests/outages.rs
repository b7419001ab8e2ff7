//! What does not come, comes late, or comes all at once.

use std::time::Duration;

use parking_api::client::{Error, LinkState, LiveMessage};
use parking_api::events::{EventPage, LogEntry};
use parking_api::live::Lagged;
use parking_api::{Problem, ProblemCode};

use super::{SIZE, notice, offline};
use crate::areas::Areas;
use crate::effect::{Effect, Fetch, Write};
use crate::fixture::{fetched, id, live, now, press, selected, send, told, wait};
use crate::lot::Link;
use crate::model::{Model, Who};
use crate::msg::{Fetched, Msg, NotFetched};

fn unavailable() -> Error {
    Error::Refused(Box::new(Problem::new(ProblemCode::Unavailable, "the database does not answer")))
}

fn fails(model: &mut Model, what: Fetch, error: Error) {
    let lot = model.tab().lot.id.clone();
    send(model, Msg::Fetched { lot, result: Err(NotFetched { what, error }) });
}

fn fetches(effects: &[Effect]) -> Vec<&Fetch> {
    let mut all = Vec::new();
    for effect in effects {
        if let Effect::Fetch { what, .. } = effect {
            all.push(what);
        }
    }
    all
}

#[test]
fn an_outage_is_waited_for_and_not_spun_through() {
    for key in ["3", "4"] {
        let (mut model, _) = live(SIZE);
        press(&mut model, key);
        told(&mut model, offline());
        wait(&mut model, 20_000);
        assert!(model.wake_at().ms_since(model.now) > 100, "{key}: {}", model.wake_at().ms_since(model.now));
    }
}

#[test]
fn tries_that_fail_are_one_outage_and_move_nothing_on_the_screen() {
    let (mut model, _) = live(SIZE);
    told(&mut model, offline());
    let areas = Areas::of(&model);
    told(&mut model, LiveMessage::State(LinkState::Connecting));
    assert_eq!(Areas::of(&model), areas);
    assert!(matches!(model.tab().lot.link, Link::Offline { since, retry_at: None, .. } if since == now()));
    // Whoever connects anew counts anew.
    let (since, retry_in) = (now().plus_ms(60_000), Duration::from_secs(1));
    told(&mut model, LiveMessage::State(LinkState::Offline { since, retry_in, reason: "refused".into() }));
    assert!(matches!(model.tab().lot.link, Link::Offline { since, .. } if since == now()));
    wait(&mut model, 60_000);
    told(&mut model, LiveMessage::State(LinkState::CatchingUp));
    assert_ne!(Areas::of(&model), areas);
    told(&mut model, LiveMessage::State(LinkState::Live));
    assert_eq!(model.tab().lot.heard_at, Some(model.now), "it is of now, though nothing was missed");
}

#[test]
fn the_history_of_a_slot_goes_on_while_it_is_looked_at() {
    let (mut model, mut demo) = live(SIZE);
    press(&mut model, "l enter");
    let slot = id(&model, selected(&model));
    let (events, stay) = demo.history(slot);
    let known = events.len();
    fetched(&mut model, Fetched::History { slot, events, stay });
    press(&mut model, "[");
    let looked_at = |model: &Model| {
        let pane = &model.tab().slot;
        pane.history[pane.history.len() - 1 - pane.rows.cursor].seq
    };
    let before = looked_at(&model);
    let (_, event) = demo.write(slot, &Write::Note(Some("oil".into())), None, model.now);
    told(&mut model, LiveMessage::Event(event.expect("a change")));
    assert_eq!(model.tab().slot.history.len(), known + 1);
    assert_eq!(looked_at(&model), before, "nobody is moved");
    told(&mut model, offline());
    let effects = told(&mut model, LiveMessage::State(LinkState::Live));
    assert!(fetches(&effects).contains(&&Fetch::History(slot)), "{effects:?}");
}

#[test]
fn the_log_closes_the_gap_that_an_outage_or_a_summary_left() {
    let (mut model, mut demo) = live(SIZE);
    let step = |demo: &mut crate::demo::lot::DemoLot| (0..1_000).find_map(|ms| demo.step(now().plus_ms(ms)));
    step(&mut demo).expect("it is missed");
    let lagged = Lagged {
        from: model.tab().lot.seq,
        to: demo.seq(),
        slots: demo.snapshot().slots,
        deleted: Vec::new(),
        cameras: demo.snapshot().cameras,
        lot: None,
    };
    let effects = told(&mut model, LiveMessage::Lagged(Box::new(lagged)));
    assert_eq!(fetches(&effects), [&Fetch::Log]);
    let event = step(&mut demo).expect("something happens");
    told(&mut model, LiveMessage::Event(event));
    let events = demo.events().map(|event| LogEntry::Event(Box::new(event.clone()))).collect();
    fetched(&mut model, Fetched::Log(EventPage { epoch: "demo".into(), head: demo.seq(), floor: 1, events }));
    assert!(model.tab().lot.events.iter().map(|event| event.seq).eq(demo.events().map(|event| event.seq)));
}

#[test]
fn what_did_not_come_is_said_and_can_be_asked_for_again() {
    let (mut model, _) = live(SIZE);
    let asked = press(&mut model, "4 i [");
    let what = fetches(&asked).last().copied().expect("the list").clone();
    assert!(matches!(what, Fetch::Captures { .. }));
    fails(&mut model, what.clone(), unavailable());
    assert!(notice(&model).starts_with("what cam-1 took before did not come"), "{}", notice(&model));
    assert_eq!(fetches(&press(&mut model, "[")), [&what]);

    press(&mut model, "esc 1 enter");
    let slot = id(&model, selected(&model));
    fails(&mut model, Fetch::History(slot), unavailable());
    assert!(!model.tab().slot.is_loading && model.tab().slot.failed.is_some());
    press(&mut model, "y");
    let timeout = Error::TimedOut { what: "the reason".into() };
    told(&mut model, offline());
    fails(&mut model, Fetch::Why(slot), timeout);
    assert!(model.tab().why.as_ref().is_some_and(|question| question.failed.is_some()));
    let effects = told(&mut model, LiveMessage::State(LinkState::Live));
    assert!(fetches(&effects).contains(&&Fetch::Why(slot)), "it is asked again by itself: {effects:?}");
}

#[test]
fn a_daemon_that_cannot_say_who_one_is_takes_nobodys_rights() {
    let (mut model, _) = live(SIZE);
    send(&mut model, Msg::Who(Err(unavailable())));
    assert_eq!((&model.who, model.hindrance()), (&Who::Asking, None));
    assert!(wait(&mut model, 16_000).contains(&Effect::Identify), "and is asked again");
    let invalid = Problem::new(ProblemCode::Unauthenticated, "the token is not known");
    send(&mut model, Msg::Who(Err(Error::Refused(Box::new(invalid)))));
    assert!(matches!(model.who, Who::Refused(_)) && model.hindrance().is_some());
}

#[test]
fn the_list_of_lots_is_asked_for_ever_more_seldom_until_it_comes() {
    let (mut model, demo) = live(SIZE);
    let asks = |effects: &[Effect]| effects.iter().filter(|effect| **effect == Effect::ListLots).count();
    for wait_ms in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000] {
        assert_eq!(asks(&send(&mut model, Msg::Lots(Err(unavailable())))), 0);
        assert_eq!(asks(&wait(&mut model, wait_ms - 1)), 0, "{wait_ms}");
        assert!(model.wake_at().ms_since(model.now) <= 1);
        assert_eq!(asks(&wait(&mut model, 1)), 1, "{wait_ms}");
        assert_eq!(asks(&wait(&mut model, 60_000)), 0, "one answer is awaited at a time");
    }
    send(&mut model, Msg::Lots(Err(unavailable())));
    assert_eq!(asks(&told(&mut model, LiveMessage::State(LinkState::Live))), 1, "the daemon is back");
    send(&mut model, Msg::Lots(Ok(vec![demo.snapshot().lot])));
    assert_eq!(asks(&wait(&mut model, 60_000)), 0);
    let forbidden = Problem::new(ProblemCode::Forbidden, "this token may not");
    send(&mut model, Msg::Lots(Err(Error::Refused(Box::new(forbidden)))));
    assert_eq!(asks(&wait(&mut model, 60_000)), 0, "it would be refused again");
}

#[test]
fn a_clock_that_is_set_back_lengthens_no_wait() {
    let (mut model, _) = live(SIZE);
    press(&mut model, "4");
    fails(&mut model, Fetch::Cameras, unavailable());
    wait(&mut model, -3_600_000);
    assert!(!notice(&model).is_empty());
    let effects = wait(&mut model, 16_000);
    assert_eq!(fetches(&effects), [&Fetch::Cameras]);
    assert_eq!(notice(&model), "");
}
