//! What a message comes to: keys in, model and wishes out.

mod filters;
mod outages;

use std::time::Duration;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use parking_api::client::{Error, LinkState, LiveMessage};
use parking_api::events::{Actor, EventChange};
use parking_api::slots::{SetSlot, SlotState};

use crate::effect::{Effect, Fetch, Write};
use crate::fixture::{answer, as_viewer, blank, fetched, id, live, now, press, selected, send, told, type_in, wait};
use crate::lot::Link;
use crate::model::{Pane, Tone};
use crate::msg::{Fetched, Msg};
use crate::popups::Popup;

const SIZE: (u16, u16) = (120, 40);

fn offline() -> LiveMessage {
    let retry_in = Duration::from_secs(3);
    LiveMessage::State(LinkState::Offline { since: now(), retry_in, reason: "connection refused".into() })
}

fn notice(model: &crate::model::Model) -> &str {
    model.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

#[test]
fn the_cursor_begins_on_the_first_slot_and_walks_as_the_slots_lie() {
    let (mut model, _) = live(SIZE);
    assert_eq!(selected(&model), "A-01");
    for (keys, code) in [
        ("l l", "A-03"),
        ("j", "A-11"),
        ("down", "B-03"),
        ("h h h", "B-01"),
        ("k", "A-09"),
        ("G", "C-16"),
        ("g", "A-01"),
        ("} }", "C-01"),
        ("{", "B-01"),
    ] {
        press(&mut model, keys);
        assert_eq!(selected(&model), code, "{keys}");
    }
}

#[test]
fn the_selection_survives_updates_a_resize_and_another_layout() {
    let (mut model, mut demo) = live(SIZE);
    press(&mut model, "j j l");
    let code = selected(&model).to_string();
    for step in 0..200 {
        if let Some(event) = demo.step(now().plus_ms(step)) {
            told(&mut model, LiveMessage::Event(event));
        }
    }
    for size in [(80, 24), (40, 12), (10, 3), (200, 60)] {
        send(&mut model, Msg::Resize(size.0, size.1));
        press(&mut model, "v");
        assert_eq!(selected(&model), code, "{size:?}");
    }
}

#[test]
fn a_toggle_is_pending_until_its_own_event_and_shows_nothing_before() {
    for is_event_first in [true, false] {
        let (mut model, mut demo) = live(SIZE);
        press(&mut model, "l l l");
        let slot = id(&model, "A-04");
        let before = model.tab().lot.slot(slot).expect("it is there").clone();
        let effects = press(&mut model, "t");
        let [Effect::Write { write: Write::Toggle, if_match, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        assert_eq!(*if_match, Some(before.rev));
        assert!(model.work.pending.contains_key(&slot));
        assert_eq!(model.tab().lot.slot(slot).expect("it is there").state, before.state);
        assert_eq!(press(&mut model, "t"), [], "one answer is awaited at a time");
        answer(&mut model, &mut demo, effects, is_event_first);
        assert!(model.work.pending.is_empty());
        assert_ne!(model.tab().lot.slot(slot).expect("it is there").state, before.state);
        assert!(notice(&model).contains("takes it back"), "{}", notice(&model));
    }
}

#[test]
fn a_conflict_says_who_did_what_instead_and_changes_nothing() {
    let (mut model, mut demo) = live(SIZE);
    let slot = id(&model, "A-01");
    let effects = press(&mut model, "r enter");
    // Somebody else was faster.
    let (_, event) = demo.write(slot, &Write::Set(parking_api::slots::SetSlot::to(SlotState::Closed)), None, now());
    let mut event = event.expect("a change");
    event.actor = Actor::token("kiosk");
    if let EventChange::SlotChanged { .. } = &event.change {
        told(&mut model, LiveMessage::Event(event));
    }
    answer(&mut model, &mut demo, effects, true);
    assert_eq!(notice(&model), "A-01 was not changed: kiosk set it closed meanwhile");
    assert_eq!(model.notice.as_ref().map(|notice| notice.tone), Some(Tone::Bad));
    assert!(model.work.pending.is_empty());
}

#[test]
fn an_action_is_taken_back_once_with_its_note_and_not_over_anothers() {
    let (mut model, mut demo) = live(SIZE);
    press(&mut model, "l l");
    let slot = id(&model, "A-03");
    let note = model.tab().lot.slot(slot).expect("it is there").note.clone();
    assert!(note.is_some());
    press(&mut model, "c");
    let effects = type_in(&mut model, "oil");
    assert_eq!(effects, []);
    let effects = press(&mut model, "enter");
    answer(&mut model, &mut demo, effects, true);
    assert_eq!(model.tab().lot.slot(slot).expect("it is there").note.as_deref(), Some("oil"));
    let effects = press(&mut model, "u");
    answer(&mut model, &mut demo, effects, false);
    let after = model.tab().lot.slot(slot).expect("it is there");
    assert_eq!((after.state, &after.note), (SlotState::Reserved, &note));
    assert_eq!(press(&mut model, "u"), []);
    assert_eq!(notice(&model), "there is nothing of mine to take back");
}

#[test]
fn many_slots_are_changed_only_after_their_count_was_typed() {
    let (mut model, mut demo) = live(SIZE);
    press(&mut model, "space l space l space");
    assert_eq!(press(&mut model, "o"), []);
    assert!(matches!(model.popup, Some(Popup::Confirm(_))));
    assert_eq!(press(&mut model, "2 enter"), [], "the wrong count");
    let effects = press(&mut model, "backspace 3 enter");
    assert_eq!(effects.len(), 3);
    answer(&mut model, &mut demo, effects, true);
    assert!(notice(&model).starts_with("3 slots changed"), "{}", notice(&model));
    assert!(model.tab().slots.marks.is_empty());
    let effects = press(&mut model, "u");
    assert_eq!(effects.len(), 3, "one step back for one action");
}

#[test]
fn a_viewer_and_an_outage_are_told_why_nothing_is_sent() {
    let (mut model, _) = live(SIZE);
    as_viewer(&mut model);
    for keys in ["t", "f", "r", "n", "u"] {
        assert_eq!(press(&mut model, keys), [], "{keys}");
        assert!(notice(&model).contains("ayu is a viewer"), "{}", notice(&model));
        assert!(model.popup.is_none());
    }
    let (mut model, _) = live(SIZE);
    told(&mut model, offline());
    assert_eq!(press(&mut model, "t"), []);
    assert!(notice(&model).starts_with("offline"), "{}", notice(&model));
}

#[test]
fn a_command_line_sets_slots_completes_and_remembers() {
    let (mut model, _) = live(SIZE);
    press(&mut model, ":");
    type_in(&mut model, "set A-04 rese");
    press(&mut model, "tab");
    type_in(&mut model, " for the plumber");
    let effects = press(&mut model, "enter");
    let [Effect::KeepHistory(lines), Effect::Write { write: Write::Set(set), slot, .. }] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert_eq!(lines, &["set A-04 reserved for the plumber"]);
    assert_eq!((set.state, set.note.clone()), (SlotState::Reserved, Some(Some("for the plumber".into()))));
    assert_eq!(*slot, id(&model, "A-04"));
    press(&mut model, ": up");
    let Some(Popup::Prompt(prompt)) = &model.popup else { panic!("the line is open") };
    assert_eq!(prompt.input.text(), "set A-04 reserved for the plumber");
    press(&mut model, "esc :");
    type_in(&mut model, "goto Z-99");
    press(&mut model, "enter");
    let Some(Popup::Prompt(prompt)) = &model.popup else { panic!("a fault keeps the line") };
    assert_eq!(prompt.fault.as_deref(), Some("there is no slot Z-99 in this lot"));
}

#[test]
fn a_filter_works_while_it_is_typed_and_the_cursor_stays_within_it() {
    let (mut model, _) = live(SIZE);
    press(&mut model, "/");
    type_in(&mut model, "zone:B !state:free");
    let filter = model.tab().slots.filter.to_string();
    assert_eq!(filter, "zone:B !state:free");
    assert!(selected(&model).starts_with("B-"));
    press(&mut model, "enter a");
    assert!(model.tab().slots.marks.len() > 3);
    press(&mut model, "esc esc");
    assert!(model.tab().slots.filter.is_empty());
}

#[test]
fn help_and_palette_find_an_action_and_run_it() {
    for opener in ["?", "ctrl-p"] {
        let (mut model, _) = live(SIZE);
        press(&mut model, opener);
        type_in(&mut model, "sessions");
        press(&mut model, "enter");
        assert_eq!(model.tab().pane, Pane::Sessions, "{opener}");
    }
}

#[test]
fn what_is_looked_at_is_asked_for_and_kept_up_with() {
    let (mut model, mut demo) = live(SIZE);
    let effects = press(&mut model, "3");
    assert!(effects.contains(&Effect::Fetch { lot: demo.id(), what: Fetch::Sessions }), "{effects:?}");
    fetched(&mut model, Fetched::Sessions(demo.sessions()));
    let before = model.tab().sessions.sessions.len();
    let event = (0..1_000).find_map(|step| demo.step(now().plus_ms(step))).expect("something happens");
    told(&mut model, LiveMessage::Event(event));
    assert!(model.tab().sessions.sessions.len() >= before);
    assert_eq!(wait(&mut model, 1_000), []);
    assert_eq!(wait(&mut model, 15_000).len(), 1);
    let effects = press(&mut model, "1 enter");
    let fetches = effects.iter().filter(|effect| matches!(effect, Effect::Fetch { .. }));
    assert_eq!(fetches.count(), 1, "the history of the slot");
}

#[test]
fn after_an_outage_what_changed_meanwhile_stands_out() {
    let (mut model, mut demo) = live(SIZE);
    told(&mut model, offline());
    assert!(matches!(model.tab().lot.link, Link::Offline { .. }));
    let changed = (0..1_000).find_map(|step| demo.step(now().plus_ms(step))).expect("something happens");
    let EventChange::SlotChanged { slot, .. } = &changed.change else { panic!("a slot changed") };
    told(&mut model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
    told(&mut model, LiveMessage::State(LinkState::Live));
    assert_eq!(model.tab().lot.flashes.keys().copied().collect::<Vec<_>>(), [slot.id]);
    wait(&mut model, 5_000);
    assert!(model.tab().lot.flashes.is_empty());
}

#[test]
fn what_changed_during_an_outage_is_told_listed_and_gone_to() {
    let (mut model, mut demo) = live(SIZE);
    told(&mut model, offline());
    told(&mut model, LiveMessage::State(LinkState::CatchingUp));
    told(&mut model, LiveMessage::State(LinkState::Live));
    press(&mut model, "w");
    assert_eq!(notice(&model), "nothing has changed while you were away");
    told(&mut model, offline());
    let slot = id(&model, "B-05");
    demo.write(slot, &Write::Set(SetSlot::to(SlotState::Closed)), None, now()).0.expect("written");
    told(&mut model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
    told(&mut model, LiveMessage::State(LinkState::Live));
    assert_eq!(notice(&model), "1 slot changed while you were away; w lists them");
    press(&mut model, "w enter");
    assert_eq!((selected(&model), model.popup.is_none()), ("B-05", true));
    press(&mut model, "g w");
    let kind = MouseEventKind::Down(MouseButton::Left);
    send(&mut model, Msg::Mouse(MouseEvent { kind, column: 60, row: 19, modifiers: KeyModifiers::NONE }));
    assert_eq!((selected(&model), model.popup.is_none()), ("B-05", true), "by the mouse as well");
}

#[test]
fn a_console_that_is_to_change_nothing_changes_nothing() {
    let (mut model, _) = live(SIZE);
    model.is_read_only = true;
    for key in ["t", "f", "o", "r", "c", "n", "u"] {
        assert!(press(&mut model, key).iter().all(|effect| !matches!(effect, Effect::Write { .. })), "{key}");
        assert!(model.popup.is_none());
    }
    press(&mut model, "t");
    assert!(notice(&model).contains("--read-only"), "{}", notice(&model));
}

#[test]
fn a_refused_call_is_told_and_an_outage_during_it_too() {
    let (mut model, _) = live(SIZE);
    let effects = press(&mut model, "f");
    let [Effect::Write { op, slot, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let error = Error::Unreachable { server: "http://127.0.0.1:1".into(), detail: "reset".into() };
    send(&mut model, Msg::Written { op: *op, slot: *slot, result: Err(error) });
    assert_eq!(notice(&model), "A-01 may not have been changed: cannot reach http://127.0.0.1:1: reset");
    assert!(model.work.pending.is_empty());
}

#[test]
fn nothing_known_is_no_reason_to_fall_over() {
    let mut model = blank((80, 24));
    for keys in
        ["t", "j", "enter", "2", "3", "4", "5", "v", "a", "space", "u", "r", "+", ">", "esc", "n", "F", "p", "T", "R"]
    {
        press(&mut model, keys);
    }
    assert!(press(&mut model, "q").contains(&Effect::Quit));
}

#[test]
fn an_idle_screen_wakes_up_only_when_something_on_it_changes() {
    let (mut model, _) = live(SIZE);
    wait(&mut model, 2_000);
    assert_eq!(model.wake_at().ms_since(model.now), 3_000, "the age of the data");
    wait(&mut model, 58_500);
    assert_eq!(model.wake_at().ms_since(model.now), 59_500, "the next minute");
}

#[test]
fn why_is_asked_by_one_key_again_when_the_slot_changes_and_left_by_doing_something_about_it() {
    let (mut model, mut demo) = live((120, 40));
    let asks = |effects: &[Effect]| {
        let is_why = |effect: &&Effect| matches!(effect, Effect::Fetch { what: Fetch::Why(_), .. });
        effects.iter().filter(is_why).count()
    };
    assert_eq!(asks(&press(&mut model, "y")), 1);
    let slot = model.tab().selected().expect("a slot").id;
    let found = crate::demo::why::explain(&demo, slot).expect("a slot");
    fetched(&mut model, Fetched::Why(Box::new(found.clone())));
    let answer = |model: &crate::model::Model| model.tab().why.as_ref().and_then(|question| question.answer.clone());
    assert_eq!(answer(&model).as_deref(), Some(&found));
    let change = Write::Set(parking_api::slots::SetSlot::to(SlotState::Closed));
    let (_, event) = demo.write(slot, &change, None, model.now);
    let event = LiveMessage::Event(event.expect("an event"));
    assert_eq!(asks(&told(&mut model, event.clone())), 1, "it is another reason now");
    let effects = press(&mut model, "f");
    assert!(model.popup.is_none() && effects.iter().any(|effect| matches!(effect, Effect::Write { .. })));
    assert_eq!(asks(&told(&mut model, event)), 0, "nobody looks any more");
}
