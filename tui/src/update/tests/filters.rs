//! Filters of each place, what completes them, and what a row is.

use parking_api::client::LiveMessage;
use parking_api::events::{Event, EventChange};
use parking_api::sessions::{Session, SessionState};

use super::{SIZE, notice};
use crate::actions::Action;
use crate::effect::Effect;
use crate::fixture::{fetched, live, press, selected, send, told, type_in};
use crate::keymap::Keymap;
use crate::model::{Model, Pane};
use crate::msg::{Fetched, Msg};
use crate::popups::Popup;

fn typed(model: &Model) -> String {
    let Some(Popup::Prompt(prompt)) = &model.popup else { panic!("a line is open") };
    prompt.input.text()
}

fn filter(model: &mut Model, text: &str) {
    press(model, "/ ctrl-u");
    type_in(model, text);
    press(model, "enter");
    assert_eq!(model.popup, None, "{text}");
}

#[test]
fn each_place_has_a_filter_of_its_own_with_its_own_words() {
    let (mut model, demo) = live(SIZE);
    filter(&mut model, "state:occupied");
    press(&mut model, "3");
    fetched(&mut model, Fetched::Sessions(demo.sessions()));
    let all = demo.sessions().len();
    assert_eq!(model.tab().shown_sessions(model.now).len(), all, "that was about slots");
    filter(&mut model, "state:open zone:c age<2h");
    let shown: Vec<Session> = model.tab().shown_sessions(model.now).into_iter().cloned().collect();
    assert!(!shown.is_empty() && shown.len() < all);
    for stay in shown {
        assert_eq!((stay.state, stay.zone.as_deref()), (SessionState::Open, Some("C")));
        assert!(model.now.ms_since(stay.opened_at) < 2 * 3_600_000);
    }
    press(&mut model, "5");
    filter(&mut model, "kind:slot.changed state:free zone:B");
    let shown = model.tab().shown_events(model.now);
    assert!(!shown.is_empty());
    for event in shown {
        let EventChange::SlotChanged { slot, .. } = &event.change else { panic!("{event:?}") };
        assert_eq!((slot.state.as_str(), slot.zone.as_deref()), ("free", Some("B")));
    }
    press(&mut model, "/ ctrl-u");
    type_in(&mut model, "state:open");
    let Some(Popup::Prompt(prompt)) = &model.popup else { panic!("a line is open") };
    assert!(prompt.fault.as_ref().is_some_and(|fault| fault.contains("occupied")), "{prompt:?}");
    press(&mut model, "esc 1");
    assert_eq!(model.tab().filter().to_string(), "state:occupied");
    press(&mut model, "4 /");
    assert_eq!((model.tab().pane, typed(&model)), (Pane::Slots, "state:occupied".into()));
}

#[test]
fn a_filter_that_is_left_is_as_it_was() {
    let (mut model, _) = live(SIZE);
    press(&mut model, "} l");
    let code = selected(&model).to_string();
    press(&mut model, "/");
    type_in(&mut model, "zone:C");
    assert!(selected(&model).starts_with('C'));
    press(&mut model, "esc");
    assert_eq!((selected(&model), model.tab().filter().is_empty()), (code.as_str(), true));
}

#[test]
fn a_word_is_completed_where_it_stands_and_in_quotes_if_it_needs_them() {
    let (mut model, demo) = live(SIZE);
    let mut snapshot = demo.snapshot();
    for slot in snapshot.slots.iter_mut().filter(|slot| slot.zone.as_deref() == Some("B")) {
        slot.zone = Some("North Wing".into());
    }
    told(&mut model, parking_api::client::LiveMessage::Snapshot(Box::new(snapshot)));
    press(&mut model, "/");
    type_in(&mut model, "zone:n !state:free");
    press(&mut model, &["left"; " !state:free".len()].join(" "));
    press(&mut model, "tab");
    assert_eq!(typed(&model), "zone:\"North Wing\" !state:free");
    press(&mut model, "enter");
    assert!(selected(&model).starts_with("B-"), "{}", selected(&model));
    press(&mut model, ":");
    type_in(&mut model, "goto A-0");
    press(&mut model, "tab tab");
    assert_eq!(typed(&model), "goto A-02", "the next one");
}

#[test]
fn the_stays_begin_at_the_newest_whatever_was_heard_of_before() {
    let (mut model, demo) = live(SIZE);
    let stays = demo.sessions();
    let old = stays.iter().rfind(|stay| stay.state == SessionState::Closed).expect("one that has ended").clone();
    let ended = |session: Session| {
        let change = EventChange::SessionClosed { session };
        LiveMessage::Event(Box::new(Event { change, ..demo.events().last().expect("an event").clone() }))
    };
    told(&mut model, ended(old.clone()));
    press(&mut model, "3");
    fetched(&mut model, Fetched::Sessions(stays[..stays.len() / 2].to_vec()));
    assert_eq!(model.tab().sessions.at, Some(stays[0].id));
    told(&mut model, ended(old.clone()));
    assert_eq!(model.tab().sessions.sessions.last().map(|stay| stay.id), Some(old.id), "by when they began");
}

#[test]
fn a_stay_that_is_selected_stays_so_when_others_come() {
    let (mut model, demo) = live(SIZE);
    press(&mut model, "3");
    fetched(&mut model, Fetched::Sessions(demo.sessions()));
    let first = demo.sessions().remove(0);
    assert_eq!(model.tab().sessions.at, Some(first.id));
    let session = Session { id: parking_api::SessionId(uuid::Uuid::from_u128(7)), ..first.clone() };
    let change = EventChange::SessionOpened { session };
    let actor = parking_api::events::Actor::system("test");
    let event = Event { seq: demo.seq() + 1, at: model.now, actor, change, audit: None };
    told(&mut model, parking_api::client::LiveMessage::Event(Box::new(event)));
    press(&mut model, "enter");
    assert_eq!(model.tab().slot.slot, first.slot_id);
}

#[test]
fn help_is_searched_by_the_keys_of_this_person() {
    let (mut model, _) = live(SIZE);
    model.keymap = Keymap::parse("[keys]\nmark = ['f9']\n").expect("a good file");
    press(&mut model, "?");
    type_in(&mut model, "f9");
    let Some(Popup::Picker(picker)) = &model.popup else { panic!("help is open") };
    assert_eq!(picker.rows(&model.keymap), [Action::Mark]);
}

#[test]
fn a_slot_that_is_named_twice_is_changed_once() {
    let (mut model, _) = live(SIZE);
    press(&mut model, ":");
    type_in(&mut model, "toggle A-01 A-01");
    let effects = press(&mut model, "enter");
    let writes = effects.iter().filter(|effect| matches!(effect, Effect::Write { .. }));
    assert_eq!((writes.count(), model.popup.is_none()), (1, true), "{}", notice(&model));
}

#[test]
fn nothing_behind_what_stands_over_the_screen_is_reached_by_the_mouse() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let (mut model, _) = live(SIZE);
    let code = selected(&model).to_string();
    let mouse = |model: &mut Model, kind, column, row| {
        send(model, Msg::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
    };
    let left = MouseEventKind::Down(MouseButton::Left);
    press(&mut model, "/");
    type_in(&mut model, "zone:");
    mouse(&mut model, MouseEventKind::ScrollDown, 20, 12);
    mouse(&mut model, left, 20, 12);
    assert_eq!((selected(&model), model.popup.is_none(), model.tab().filter().is_empty()), (code.as_str(), true, true));
    // What could be typed is taken by a click.
    press(&mut model, "/");
    type_in(&mut model, "state:");
    press(&mut model, "tab");
    mouse(&mut model, left, 14, 38);
    assert_eq!(typed(&model), "state:occupied");
    press(&mut model, "esc 4 i");
    let camera = |model: &Model| model.tab().viewer.as_ref().map(|viewer| viewer.camera.to_string());
    assert_eq!(camera(&model).as_deref(), Some("cam-1"));
    mouse(&mut model, MouseEventKind::ScrollDown, 20, 12);
    assert_eq!(camera(&model).as_deref(), Some("cam-2"), "one camera at a time");
}
