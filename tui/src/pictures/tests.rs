//! Which pictures are asked for, when, and which answers count.

use parking_api::captures::Capture;
use parking_api::client::{LinkState, LiveMessage};
use parking_api::{CameraId, CaptureId, Time};

use super::{Ask, Spot, Subject};
use crate::demo::lot::DemoLot;
use crate::effect::{Effect, Fetch};
use crate::fixture::{live, picture, press, send, told, wait};
use crate::images::choice::Chosen;
use crate::images::{Drawing, Protocol};
use crate::model::Model;
use crate::msg::{Fetched, Msg};

const SIZE: (u16, u16) = (120, 40);

fn loads(effects: &[Effect]) -> Vec<(Spot, Ask)> {
    let load = |effect: &Effect| match effect {
        Effect::LoadImage { spot, ask, .. } => Some((spot.clone(), ask.clone())),
        _ => None,
    };
    effects.iter().filter_map(load).collect()
}

fn answer(model: &mut Model, demo: &DemoLot, loads: &[(Spot, Ask)]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (spot, ask) in loads {
        let result = picture(demo, ask);
        effects.extend(send(model, Msg::Image { lot: demo.id(), spot: spot.clone(), ask: ask.clone(), result }));
    }
    effects
}

fn shoot(model: &mut Model, demo: &mut DemoLot) -> Vec<(Spot, Ask)> {
    let now = model.now;
    loads(&told(model, LiveMessage::Event(demo.shoot(now))))
}

fn shown(model: &Model, spot: &Spot) -> Option<Time> {
    let held = model.pictures.held(&model.tab().lot.id, spot)?;
    held.picture.as_ref().map(|picture| picture.capture.captured_at)
}

/// The console with the picture beside the slots asked for and there.
fn beside() -> (Model, DemoLot) {
    let (mut model, demo) = live(SIZE);
    let first = loads(&press(&mut model, "3 1"));
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(first[0].0, Spot::Side);
    answer(&mut model, &demo, &first);
    assert!(shown(&model, &Spot::Side).is_some());
    (model, demo)
}

#[test]
fn a_newer_picture_takes_the_place_of_the_one_before_but_not_too_often() {
    let (mut model, mut demo) = beside();
    let before = shown(&model, &Spot::Side);
    assert!(shoot(&mut model, &mut demo).is_empty() && shoot(&mut model, &mut demo).is_empty(), "too soon");
    let later = loads(&wait(&mut model, super::GAP_MS));
    assert_eq!(later.len(), 1, "one for the newest, none for those between");
    assert!(loads(&wait(&mut model, 5_000)).is_empty(), "it is on its way");
    assert!(shoot(&mut model, &mut demo).is_empty() && shoot(&mut model, &mut demo).is_empty(), "nothing queues");
    let next = loads(&answer(&mut model, &demo, &later));
    assert!(next.is_empty() && shown(&model, &Spot::Side) > before);
    assert_eq!(loads(&wait(&mut model, super::GAP_MS)).len(), 1, "the newest of those that came meanwhile");
}

#[test]
fn an_answer_to_an_older_question_is_not_shown() {
    let (mut model, demo) = live(SIZE);
    let first = loads(&press(&mut model, "3 1"));
    let second = loads(&press(&mut model, "G"));
    assert_eq!(second.len(), 1, "the last slot is seen by another camera");
    answer(&mut model, &demo, &first);
    assert_eq!(shown(&model, &Spot::Side), None);
    answer(&mut model, &demo, &second);
    assert!(shown(&model, &Spot::Side).is_some());
}

#[test]
fn another_size_or_another_protocol_asks_anew_and_what_is_hidden_is_forgotten() {
    let (mut model, demo) = beside();
    let resized = loads(&send(&mut model, Msg::Resize(160, 50)));
    assert_eq!(resized.len(), 1);
    answer(&mut model, &demo, &resized);
    let drawing = Drawing { protocol: Protocol::Sixel, cell: (9, 19) };
    let others = vec![Protocol::Half, Protocol::Off];
    let chosen = Chosen { drawing, others, ..Chosen::default() };
    let redrawn = loads(&send(&mut model, Msg::Terminal(Box::new(chosen))));
    assert_eq!(redrawn.iter().map(|(_, ask)| ask.drawing).collect::<Vec<_>>(), [drawing]);
    press(&mut model, "p");
    assert_eq!(shown(&model, &Spot::Side), None);
    press(&mut model, "p I");
    assert_eq!(model.pictures.drawing().protocol, Protocol::Half);
    assert!(loads(&press(&mut model, "I 4")).is_empty(), "off is off");
    assert_eq!(model.pictures.drawing().protocol, Protocol::Off);
}

#[test]
fn what_cannot_be_shown_says_why_and_is_tried_again_later() {
    let (mut model, _) = live(SIZE);
    let (spot, ask) = loads(&press(&mut model, "3 1")).remove(0);
    let lot = model.tab().lot.id.clone();
    send(&mut model, Msg::Image { lot: lot.clone(), spot: spot.clone(), ask, result: Err("it is broken".into()) });
    assert_eq!(model.pictures.held(&lot, &spot).and_then(|held| held.failed.as_deref()), Some("it is broken"));
    assert!(loads(&wait(&mut model, 1_000)).is_empty());
    assert!(model.wake_at().ms_since(model.now) <= super::RETRY_MS);
    assert_eq!(loads(&wait(&mut model, super::RETRY_MS)).len(), 1);
}

#[test]
fn the_wall_has_a_picture_for_each_camera_and_enter_enlarges_the_selected() {
    let (mut model, demo) = live(SIZE);
    let wall = loads(&press(&mut model, "4"));
    assert_eq!(wall.iter().map(|(_, ask)| ask.subject.camera().as_str()).collect::<Vec<_>>(), ["cam-1", "cam-2"]);
    answer(&mut model, &demo, &wall);
    let large = loads(&press(&mut model, "j enter"));
    assert!(matches!(large.last(), Some((Spot::Large, ask)) if ask.subject.camera().as_str() == "cam-2"), "{large:?}");
    let cells = |(_, ask): &(Spot, Ask)| u32::from(ask.cells.0) * u32::from(ask.cells.1);
    assert!(cells(&large[0]) > cells(&wall[1]));
    assert_eq!(loads(&press(&mut model, "esc")).len(), 2, "the wall again");
}

#[test]
fn going_back_needs_the_list_once_and_the_newest_is_followed_again_at_its_end() {
    let (mut model, mut demo) = live(SIZE);
    press(&mut model, "4 i");
    let asked = press(&mut model, "[ [");
    let fetches: Vec<_> = asked.iter().filter(|effect| matches!(effect, Effect::Fetch { .. })).collect();
    let [Effect::Fetch { what: Fetch::Captures { camera, cursor: None, .. }, .. }] = fetches[..] else {
        panic!("one question for the list: {fetches:?}")
    };
    let captures = demo.captures(camera);
    let at = |model: &Model| model.tab().viewer.as_ref().and_then(|viewer| viewer.at);
    let page = Fetched::Captures { camera: camera.clone(), captures: captures.clone(), next: None, is_first: true };
    let effects = send(&mut model, Msg::Fetched { lot: demo.id(), result: Ok(page) });
    assert_eq!(at(&model), Some(captures[2].id), "both steps were made");
    let subject = Subject::One { camera: camera.clone(), capture: captures[2].id };
    assert_eq!(loads(&effects).last().map(|(_, ask)| ask.subject.clone()), Some(subject));
    shoot(&mut model, &mut demo);
    shoot(&mut model, &mut demo);
    assert_eq!(at(&model), Some(captures[2].id), "what comes does not move what is looked at");
    press(&mut model, "] ] ]");
    assert_eq!(at(&model), None);
    assert!(press(&mut model, "[").iter().all(|effect| !matches!(effect, Effect::Fetch { .. })), "it is known");
}

#[test]
fn the_next_page_of_the_past_is_asked_for_before_its_end_and_its_end_is_said() {
    let (mut model, demo) = live(SIZE);
    let camera: CameraId = "cam-1".parse().expect("an id");
    let newest = demo.captures(&camera).remove(0);
    let before = (1..50).map(|n| Capture { id: CaptureId(uuid::Uuid::from_u128(n)), ..newest.clone() });
    let all: Vec<Capture> = std::iter::once(newest.clone()).chain(before).collect();
    press(&mut model, "4 i");
    let asked = |effects: &[Effect]| {
        let page = |effect: &Effect| match effect {
            Effect::Fetch { what: Fetch::Captures { cursor, .. }, .. } => Some(cursor.clone()),
            _ => None,
        };
        effects.iter().filter_map(page).collect::<Vec<_>>()
    };
    let at = |model: &Model| model.tab().viewer.as_ref().and_then(|viewer| viewer.at);
    let page = |model: &mut Model, captures: &[Capture], next: Option<&str>, is_first| -> Vec<Effect> {
        let (camera, captures, next) = (camera.clone(), captures.to_vec(), next.map(String::from));
        send(model, Msg::Fetched { lot: demo.id(), result: Ok(Fetched::Captures { camera, captures, next, is_first }) })
    };
    assert_eq!(asked(&press(&mut model, "[")), [None]);
    page(&mut model, &all[..25], Some("further"), true);
    model.tab_mut().viewer.as_mut().expect("it is large").at = Some(all[3].id);
    assert_eq!(asked(&press(&mut model, "[")), []);
    assert_eq!(asked(&press(&mut model, "[")), [Some("further".into())], "nineteen are left");
    assert_eq!((at(&model), asked(&press(&mut model, "["))), (Some(all[5].id), vec![]), "it is under way");
    page(&mut model, &all[25..], None, false);
    assert_eq!(at(&model), Some(all[6].id), "nobody was held up, and nobody is moved");
    for _ in 7..50 {
        assert_eq!(asked(&press(&mut model, "[")), []);
    }
    assert_eq!((at(&model), model.notice.is_some()), (Some(all[49].id), false));
    press(&mut model, "[");
    assert_eq!((at(&model), model.notice.is_some()), (Some(all[49].id), true), "that was the first");
}

#[test]
fn in_the_history_the_picture_is_that_of_the_moment() {
    let (mut model, demo) = live(SIZE);
    press(&mut model, "l enter");
    let slot = model.tab().selected().expect("a slot").id;
    let (events, stay) = demo.history(slot);
    let moment = events[events.len() - 2].at;
    send(&mut model, Msg::Fetched { lot: demo.id(), result: Ok(Fetched::History { slot, events, stay }) });
    let past = loads(&press(&mut model, "["));
    assert!(
        matches!(&past[..], [(Spot::Slot, Ask { subject: Subject::Before { at, .. }, .. })] if *at == moment.plus_ms(1)),
        "{past:?}"
    );
    answer(&mut model, &demo, &past);
    assert!(shown(&model, &Spot::Slot).is_some_and(|at| at <= moment));
    let held = model.pictures.held(&demo.id(), &Spot::Slot).and_then(|held| held.picture.as_ref());
    let held = held.map(|picture| picture.capture.id);
    let effects = press(&mut model, "i");
    assert_eq!(model.tab().viewer.as_ref().and_then(|viewer| viewer.at), held, "large, it is the same");
    let is_list = |effect: &Effect| matches!(effect, Effect::Fetch { what: Fetch::Captures { cursor: None, .. }, .. });
    assert!(effects.iter().any(is_list), "for those around it");
    press(&mut model, "i");
    assert!(matches!(&loads(&press(&mut model, "]"))[..], [(_, Ask { subject: Subject::One { .. }, .. })]));
}

#[test]
fn while_the_line_is_down_pictures_stay_and_are_asked_for_when_it_is_back() {
    let (mut model, mut demo) = beside();
    let state = LinkState::Offline {
        since: model.now,
        retry_in: std::time::Duration::from_secs(3),
        reason: "connection refused".into(),
    };
    told(&mut model, LiveMessage::State(state));
    assert!(shown(&model, &Spot::Side).is_some());
    wait(&mut model, 60_000);
    let now = model.now;
    demo.shoot(now);
    demo.shoot(now);
    let effects = told(&mut model, LiveMessage::Snapshot(Box::new(demo.snapshot())));
    assert_eq!(loads(&effects).len(), 1);
}

#[test]
fn the_picture_of_a_change_is_opened_large_where_there_is_no_room_beside_it_and_gone_back_from() {
    let (mut model, demo) = live((80, 24));
    press(&mut model, "l enter");
    let slot = model.tab().selected().expect("a slot").id;
    let (events, stay) = demo.history(slot);
    let moment = events[events.len() - 2].at.plus_ms(1);
    send(&mut model, Msg::Fetched { lot: demo.id(), result: Ok(Fetched::History { slot, events, stay }) });
    let asked = loads(&press(&mut model, "[ enter"));
    let [(Spot::Large, Ask { subject: Subject::Before { camera, at }, .. })] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(*at, moment);
    let captures = demo.captures(camera);
    let found = captures.iter().position(|capture| capture.captured_at < moment).expect("a picture");
    let effects = answer(&mut model, &demo, &asked);
    let at = |model: &Model| model.tab().viewer.as_ref().and_then(|viewer| viewer.at);
    assert_eq!(at(&model), Some(captures[found].id));
    let what = Fetch::Captures { camera: camera.clone(), cursor: None };
    assert!(effects.contains(&Effect::Fetch { lot: demo.id(), what }), "{effects:?}");
    let page = Fetched::Captures { camera: camera.clone(), captures: captures.clone(), next: None, is_first: true };
    send(&mut model, Msg::Fetched { lot: demo.id(), result: Ok(page) });
    for (key, place) in [("[", found + 1), ("]", found), ("]", found - 1)] {
        press(&mut model, key);
        assert_eq!(at(&model), Some(captures[place].id), "{key}");
    }
    press(&mut model, "esc");
    assert_eq!(model.tab().selected().map(|slot| slot.id), Some(slot));
}
