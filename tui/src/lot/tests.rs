//! The fold: events and summaries lead to the same lot as a snapshot.

use parking_api::cameras::CameraStatus;
use proptest::prelude::*;

use super::*;
use crate::demo::lot::DemoLot;

fn at(ms: i64) -> Time {
    "2026-11-23T10:00:00Z".parse::<Time>().expect("a time").plus_ms(ms)
}

fn view(demo: &DemoLot) -> LotView {
    let mut lot = LotView::new(demo.id());
    lot.apply(LiveMessage::Snapshot(Box::new(demo.snapshot())), at(0));
    lot
}

proptest! {
    #[test]
    fn events_lead_where_a_snapshot_leads(seed: u64, steps in 0_usize..300, lag in proptest::option::of(0_usize..300)) {
        let mut demo = DemoLot::new(at(0), seed);
        let mut lot = view(&demo);
        for step in 0..steps {
            let Some(event) = demo.step(at(step as i64)) else { continue };
            if lag == Some(step) {
                let lagged = Lagged {
                    from: lot.seq, to: event.seq, slots: demo.snapshot().slots, deleted: Vec::new(),
                    cameras: demo.snapshot().cameras, lot: None,
                };
                lot.apply(LiveMessage::Lagged(Box::new(lagged)), at(step as i64));
            } else {
                lot.apply(LiveMessage::Event(event), at(step as i64));
            }
        }
        let snapshot = demo.snapshot();
        prop_assert_eq!(&lot.slots, &snapshot.slots);
        prop_assert_eq!(lot.seq, snapshot.seq);
        prop_assert_eq!(lot.counts, view(&demo).counts);
    }
}

#[test]
fn a_slot_that_is_created_moved_or_deleted_changes_the_plan() {
    let demo = DemoLot::new(at(0), 1);
    let mut lot = view(&demo);
    let mut slot = lot.slots[0].clone();
    let actor = Actor::token("ayu");
    let tell = |lot: &mut LotView, change| {
        let seq = lot.seq + 1;
        lot.apply(
            LiveMessage::Event(Box::new(Event { seq, at: at(1), actor: actor.clone(), change, audit: None })),
            at(1),
        );
    };
    slot.level = 1;
    tell(&mut lot, EventChange::SlotChanged { slot: slot.clone(), session: None });
    assert_eq!(lot.plan.levels.len(), 2);
    tell(&mut lot, EventChange::SlotDeleted { slot: slot.clone(), session: None });
    assert_eq!((lot.plan.levels.len(), lot.slots.len(), lot.slot(slot.id)), (1, 47, None));
    tell(&mut lot, EventChange::SlotCreated { slot: slot.clone(), session: None });
    assert_eq!((lot.slots.len(), lot.slots[0].code.as_str()), (48, "A-01"));
    assert!(lot.flashes.contains_key(&slot.id));
}

#[test]
fn a_camera_that_sees_nothing_of_use_is_an_alarm_with_what_is_wrong_and_since_when() {
    let demo = DemoLot::new(at(0), 1);
    let mut lot = view(&demo);
    let tell = |lot: &mut LotView, frozen_since, moved_since, status| {
        let camera = Camera { frozen_since, moved_since, status, contact: None, ..lot.cameras[0].clone() };
        let change = EventChange::CameraFrozen { camera };
        let event = Event { seq: lot.seq + 1, at: at(1), actor: Actor::system("monitor"), change, audit: None };
        lot.apply(LiveMessage::Event(Box::new(event)), at(1));
        lot.alarms().map(|camera| (Sight::of(camera).word(), Sight::of(camera).since(camera))).collect::<Vec<_>>()
    };
    let since = lot.cameras[0].status_at;
    assert_eq!(tell(&mut lot, Some(at(1)), None, CameraStatus::Online), [("frozen", at(1))]);
    assert_eq!(tell(&mut lot, None, Some(at(2)), CameraStatus::Online), [("moved", at(2))]);
    assert_eq!(tell(&mut lot, Some(at(1)), None, CameraStatus::Offline), [("offline", since)]);
    assert_eq!(tell(&mut lot, None, None, CameraStatus::Late), [("late", since)]);
    assert_eq!(tell(&mut lot, None, None, CameraStatus::Online), []);
}

#[test]
fn an_event_of_a_camera_does_not_forget_when_it_was_last_heard_of() {
    let demo = DemoLot::new(at(0), 1);
    let mut lot = view(&demo);
    let mut camera = lot.cameras[0].clone();
    let contact = camera.contact.take();
    assert!(contact.is_some());
    camera.status = CameraStatus::Late;
    let change = EventChange::CameraStatus { camera };
    let event = Event { seq: lot.seq + 1, at: at(1), actor: Actor::system("monitor"), change, audit: None };
    lot.apply(LiveMessage::Event(Box::new(event)), at(1));
    assert_eq!((lot.cameras[0].status, &lot.cameras[0].contact), (CameraStatus::Late, &contact));
}

#[test]
fn names_are_in_the_order_of_their_numbers() {
    let mut names = ["A-10", "B-1", "A-2", "A-02b", "A", "A-1"];
    names.sort_by(|a, b| natural(a, b));
    assert_eq!(names, ["A", "A-1", "A-2", "A-02b", "A-10", "B-1"]);
}
