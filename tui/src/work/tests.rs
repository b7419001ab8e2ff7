//! Changes that are marked, taken back, and asked for again.

use parking_api::client::{Error, LiveMessage};
use parking_api::events::{Actor, Event, EventChange};
use parking_api::slots::{SetSlot, Slot, SlotState};

use crate::effect::{Effect, Write};
use crate::fixture::{answer, id, live, press, selected, send, told, type_in};
use crate::model::Model;
use crate::msg::Msg;
use crate::popups::Popup;

const SIZE: (u16, u16) = (120, 40);

fn slot<'a>(model: &'a Model, code: &str) -> &'a Slot {
    model.tab().lot.slot(id(model, code)).expect("it is there")
}

fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

/// A camera notes what it sees of a slot, which is another `rev` and the same state.
fn suggest(model: &mut Model, code: &str) -> Slot {
    let known = slot(model, code).clone();
    let suggested = Some(if known.state == SlotState::Free { SlotState::Occupied } else { SlotState::Free });
    let slot = Slot { suggested, rev: known.rev + 1_000, ..known };
    let change = EventChange::SlotChanged { slot: slot.clone(), session: None };
    let event = Event { seq: slot.rev, at: model.now, actor: Actor::camera("cam-1"), change, audit: None };
    told(model, LiveMessage::Event(Box::new(event)));
    slot
}

fn if_match(effects: &[Effect]) -> Option<u64> {
    let [Effect::Write { if_match, .. }] = effects else { panic!("one write: {effects:?}") };
    *if_match
}

#[test]
fn an_answer_is_awaited_from_its_own_lot_whatever_another_has_come_to() {
    let (mut model, mut demo) = live(SIZE);
    let mut north = demo.snapshot();
    (north.lot.id, north.seq) = ("north".parse().expect("an id"), 1_000_000);
    send(&mut model, Msg::Lots(Ok(vec![north.lot.clone()])));
    let effects = press(&mut model, "t");
    let [Effect::Write { op, slot, write, .. }] = effects.as_slice() else { panic!("one write: {effects:?}") };
    let (result, event) = demo.write(*slot, write, None, model.now);
    send(&mut model, Msg::Written { op: *op, slot: *slot, result });
    send(&mut model, Msg::Live { lot: north.lot.id.clone(), message: LiveMessage::Snapshot(Box::new(north)) });
    assert!(model.work.pending.contains_key(slot), "that is another count");
    told(&mut model, LiveMessage::Event(event.expect("a change")));
    assert!(model.work.pending.is_empty());
}

#[test]
fn a_slot_that_changes_under_a_filter_stays_under_the_hand_until_one_moves_on() {
    let (mut model, mut demo) = live(SIZE);
    press(&mut model, "/");
    type_in(&mut model, "state:free");
    press(&mut model, "enter l");
    let code = selected(&model).to_string();
    let slot = id(&model, &code);
    let (_, event) = demo.write(slot, &Write::Set(SetSlot::to(SlotState::Occupied)), None, model.now);
    told(&mut model, LiveMessage::Event(event.expect("a change")));
    assert_eq!(selected(&model), code);
    let effects = press(&mut model, "t");
    assert!(matches!(effects.as_slice(), [Effect::Write { slot: changed, .. }] if *changed == slot), "{effects:?}");
    press(&mut model, "h l");
    assert_ne!(selected(&model), code, "it is passed over now");
}

#[test]
fn a_mark_is_gone_after_its_change_and_one_that_is_elsewhere_is_asked_about() {
    let (mut model, mut demo) = live(SIZE);
    let effects = press(&mut model, "space t");
    assert!(matches!(effects.as_slice(), [Effect::Write { .. }]), "{effects:?}");
    answer(&mut model, &mut demo, effects, true);
    press(&mut model, "l l");
    let (here, effects) = (id(&model, selected(&model)), press(&mut model, "f"));
    assert!(matches!(effects.as_slice(), [Effect::Write { slot, .. }] if *slot == here), "{effects:?}");
    answer(&mut model, &mut demo, effects, true);
    assert_eq!(press(&mut model, "space l o"), []);
    let Some(Popup::Confirm(confirm)) = &model.popup else { panic!("it is asked") };
    assert_eq!(confirm.subject(&model.tab().lot), "A-03, which is marked");
    assert_eq!(press(&mut model, "1 enter").len(), 1);
}

#[test]
fn what_could_not_be_taken_back_can_be_tried_again() {
    let (mut model, mut demo) = live(SIZE);
    let before = slot(&model, "A-01").state;
    let effects = press(&mut model, "t");
    let event = {
        let [Effect::Write { op, slot, write, if_match, .. }] = effects.as_slice() else { panic!("{effects:?}") };
        let (result, event) = demo.write(*slot, write, *if_match, model.now);
        send(&mut model, Msg::Written { op: *op, slot: *slot, result });
        event.expect("a change")
    };
    assert_eq!(press(&mut model, "u"), [], "its event is still to come");
    told(&mut model, LiveMessage::Event(event));
    let effects = press(&mut model, "u");
    let [Effect::Write { op, slot: asked, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let error = Error::TimedOut { what: "PUT /api/slots".into() };
    send(&mut model, Msg::Written { op: *op, slot: *asked, result: Err(error) });
    let effects = press(&mut model, "u");
    answer(&mut model, &mut demo, effects, true);
    assert_eq!(slot(&model, "A-01").state, before);
    press(&mut model, "u");
    assert_eq!(notice(&model), "there is nothing of mine to take back");
}

#[test]
fn what_a_camera_suggests_hinders_no_change_and_no_way_back() {
    let (mut model, mut demo) = live(SIZE);
    let effects = press(&mut model, "t");
    answer(&mut model, &mut demo, effects, true);
    let suggested = suggest(&mut model, "A-01");
    let effects = press(&mut model, "u");
    assert_eq!(if_match(&effects), Some(suggested.rev), "it is still ours");
    // The camera was faster than the answer.
    let suggested = suggest(&mut model, "A-01");
    let [Effect::Write { op, slot, write, .. }] = effects.as_slice() else { panic!("{effects:?}") };
    let (refused, _) = demo.write(*slot, write, Some(1), model.now);
    let again = send(&mut model, Msg::Written { op: *op, slot: *slot, result: refused.clone() });
    assert_eq!(if_match(&again), Some(suggested.rev));
    assert_eq!(send(&mut model, Msg::Written { op: *op, slot: *slot, result: refused }), [], "and no third time");
    assert!(notice(&model).contains("was not changed"), "{}", notice(&model));
}

#[test]
fn changes_of_one_slot_are_taken_back_one_after_another() {
    let (mut model, mut demo) = live(SIZE);
    let before = slot(&model, "A-01").state;
    for keys in ["f", "o", "U", "u", "u", "u"] {
        let effects = press(&mut model, keys);
        assert_eq!(effects.len(), 1, "{keys}: {}", notice(&model));
        answer(&mut model, &mut demo, effects, true);
        assert!(!notice(&model).contains("was not changed"), "{}", notice(&model));
    }
    assert_eq!(slot(&model, "A-01").state, before);
}
