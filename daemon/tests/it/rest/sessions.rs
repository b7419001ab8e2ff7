//! Stays and visits: when they begin and end, and how they are listed.

use std::collections::BTreeSet;

use parking_api::ProblemCode;
use parking_api::client::{Client, Mutation, SessionQuery};
use parking_api::sessions::{GateEntry, Session, SessionKind, SessionState};
use parking_api::slots::Source;
use serde_json::json;

use super::*;
use crate::wire::Wire;

on_both!(
    a_stay_begins_and_ends_with_the_change_of_its_slot,
    an_end_by_mistake_is_taken_back_after_a_restart_too,
    sessions_are_walked_page_by_page_without_one_twice_or_missing,
    a_walk_is_not_disturbed_by_what_begins_and_ends_meanwhile,
    sessions_are_narrowed_by_slot_zone_kind_state_and_time,
    a_gate_counts_each_vehicle_exactly_once,
);

async fn list(client: &Client, query: SessionQuery) -> Vec<Session> {
    let page = client.sessions(&query).await.expect("sessions");
    assert_eq!(page.next, None, "it fits one page");
    page.items
}

async fn set_by(client: &Client, code: &str, state: SlotState, source: Source) {
    let set = SetSlot { source: Some(source), ..SetSlot::to(state) };
    client.slot_set(&at(code), &set, &Mutation::default()).await.expect("it is set");
}

async fn a_stay_begins_and_ends_with_the_change_of_its_slot(database: Database) {
    let parkd = with_slots_on(database, &[in_zone("A-1", "Roof", SlotState::Free)]).await;
    let admin = parkd.admin();
    let opened = set(&admin, "A-1", SlotState::Occupied).await;
    let open = list(&admin, SessionQuery { state: Some(SessionState::Open), ..SessionQuery::default() }).await;
    assert_eq!(open.len(), 1);
    let stay = &open[0];
    assert_eq!((stay.kind, stay.slot_id, stay.opened_seq), (SessionKind::Slot, Some(opened.value.id), opened.seq));
    assert_eq!((stay.zone.as_deref(), stay.opened_at), (Some("Roof"), opened.value.changed_at));
    assert_eq!(&admin.session(stay.id).await.expect("the session"), stay);
    set_by(&admin, "A-1", SlotState::Free, Source::Sensor).await;
    let closed = admin.session(stay.id).await.expect("the session");
    assert_eq!((closed.state, closed.closed_seq), (SessionState::Closed, Some(opened.seq + 1)));
    let nobody = "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12".parse().expect("an id");
    assert_eq!(refused(admin.session(nobody).await).code, ProblemCode::SessionNotFound);
    assert_eq!(Wire::admin(&parkd).get("/api/sessions/nonsense").await.code(), ProblemCode::InvalidField);
}

async fn an_end_by_mistake_is_taken_back_after_a_restart_too(database: Database) {
    let mut parkd = with_slots_on(database, &["A-1", "A-2"].map(new_slot)).await;
    let open = SessionQuery { state: Some(SessionState::Open), ..SessionQuery::default() };
    for code in ["A-1", "A-2"] {
        set_by(&parkd.admin(), code, SlotState::Occupied, Source::Sensor).await;
    }
    let stays = list(&parkd.admin(), open.clone()).await;
    toggle(&parkd.admin(), "A-1").await;
    set_by(&parkd.admin(), "A-2", SlotState::Free, Source::Sensor).await;
    parkd.kill();
    parkd.restart();
    for code in ["A-1", "A-2"] {
        toggle(&parkd.admin(), code).await;
    }
    let after = list(&parkd.admin(), open).await;
    let is_same = |code: &str| {
        let of = |list: &[Session]| list.iter().find(|stay| stay.slot_code == code.parse().ok()).cloned();
        of(&stays) == of(&after)
    };
    assert_eq!((after.len(), is_same("A-1"), is_same("A-2")), (2, true, false), "{stays:?} {after:?}");
    parkd.verify();
}

#[tokio::test]
async fn a_mistake_that_is_taken_back_at_once_leaves_no_stay() {
    let parkd = with_slots(&["A-1", "A-2"].map(new_slot)).await;
    let admin = parkd.admin();
    toggle(&admin, "A-1").await;
    toggle(&admin, "A-1").await;
    set_by(&admin, "A-2", SlotState::Occupied, Source::Camera).await;
    set_by(&admin, "A-2", SlotState::Free, Source::Camera).await;
    let of = |state| SessionQuery { state: Some(state), ..SessionQuery::default() };
    let void = list(&admin, of(SessionState::Void)).await;
    assert_eq!(
        void.iter().map(|s| s.slot_code.as_ref().map(ToString::to_string)).collect::<Vec<_>>(),
        [Some("A-1".into())]
    );
    let closed = list(&admin, of(SessionState::Closed)).await;
    assert_eq!(closed.len(), 1, "what a camera saw, it saw");
    assert!(list(&admin, of(SessionState::Open)).await.is_empty());
    parkd.verify();
}

async fn sessions_are_walked_page_by_page_without_one_twice_or_missing(database: Database) {
    // All of these begin in one commit, at the very same moment.
    let occupied: Vec<_> = (0..25).map(|n| in_zone(&format!("S-{n}"), "A", SlotState::Occupied)).collect();
    let parkd = with_slots_on(database, &occupied).await;
    let admin = parkd.admin();
    let whole = list(&admin, SessionQuery::default()).await;
    assert!(whole.windows(2).all(|pair| pair[0].opened_at >= pair[1].opened_at), "newest first");
    for limit in [1, 4, 24, 25, 1_000] {
        let mut query = SessionQuery { limit: Some(limit), ..SessionQuery::default() };
        let mut walked: Vec<Session> = Vec::new();
        loop {
            let page = admin.sessions(&query).await.expect("a page");
            assert!(!page.items.is_empty() && page.items.len() <= limit);
            walked.extend(page.items);
            query.cursor = page.next;
            if query.cursor.is_none() {
                break;
            }
        }
        assert_eq!(walked, whole, "{limit} at a time");
    }
}

async fn a_walk_is_not_disturbed_by_what_begins_and_ends_meanwhile(database: Database) {
    let occupied: Vec<_> = (0..12).map(|n| in_zone(&format!("S-{n}"), "A", SlotState::Occupied)).collect();
    let parkd = with_slots_on(database, &occupied).await;
    let admin = parkd.admin();
    let before: BTreeSet<_> = list(&admin, SessionQuery::default()).await.into_iter().map(|s| s.id).collect();
    let mut query = SessionQuery { limit: Some(5), ..SessionQuery::default() };
    let mut walked = Vec::new();
    for round in 0.. {
        let page = admin.sessions(&query).await.expect("a page");
        walked.extend(page.items.into_iter().map(|session| session.id));
        query.cursor = page.next;
        if query.cursor.is_none() {
            break;
        }
        set(&admin, &format!("S-{round}"), SlotState::Free).await;
        admin.slot_create(&in_zone(&format!("N-{round}"), "A", SlotState::Occupied)).await.expect("a slot");
    }
    assert_eq!(walked.len(), before.len(), "none twice");
    assert_eq!(walked.into_iter().collect::<BTreeSet<_>>(), before, "none missing, and none that came later");
}

async fn sessions_are_narrowed_by_slot_zone_kind_state_and_time(database: Database) {
    let parkd =
        with_slots_on(database, &[in_zone("A-1", "A", SlotState::Free), in_zone("B-1", "B", SlotState::Free)]).await;
    let admin = parkd.admin();
    for _ in 0..2 {
        set_by(&admin, "A-1", SlotState::Occupied, Source::Sensor).await;
        set_by(&admin, "A-1", SlotState::Free, Source::Sensor).await;
    }
    let b = set(&admin, "B-1", SlotState::Occupied).await;
    let gate = GateEntry { ticket: Some("T".into()), plate: None };
    let visit = admin.gate_entry(&gate, &Mutation::default()).await.expect("it enters").value;
    let all = SessionQuery::default();
    let cases = [
        (SessionQuery { slot: Some(at("A-1")), ..all.clone() }, 2),
        (SessionQuery { slot: Some(SlotRef::Id(b.value.id)), ..all.clone() }, 1),
        (SessionQuery { zone: Some("B".into()), ..all.clone() }, 1),
        (SessionQuery { kind: Some(SessionKind::Gate), ..all.clone() }, 1),
        (SessionQuery { kind: Some(SessionKind::Slot), ..all.clone() }, 3),
        (SessionQuery { state: Some(SessionState::Open), ..all.clone() }, 2),
        (SessionQuery { from: Some(visit.opened_at.plus_ms(1)), ..all.clone() }, 0),
        (SessionQuery { to: Some(visit.opened_at.plus_ms(1)), ..all.clone() }, 4),
        (SessionQuery { from: Some(visit.opened_at), kind: Some(SessionKind::Gate), ..all.clone() }, 1),
        (SessionQuery { to: Some(visit.opened_at), kind: Some(SessionKind::Gate), ..all.clone() }, 0),
    ];
    for (query, count) in cases {
        assert_eq!(list(&admin, query.clone()).await.len(), count, "{query:?}");
    }
    let wire = Wire::admin(&parkd);
    let bad = [
        ("slot=NONE", ProblemCode::SlotNotFound, "slot"),
        ("slot=a%20b", ProblemCode::InvalidField, "slot"),
        ("state=parked", ProblemCode::InvalidField, "state"),
        ("from=yesterday", ProblemCode::InvalidField, "from"),
        ("cursor=nonsense", ProblemCode::InvalidField, "cursor"),
        ("limit=0", ProblemCode::InvalidField, "limit"),
        ("limit=1001", ProblemCode::InvalidField, "limit"),
        ("page=2", ProblemCode::InvalidField, "page"),
    ];
    for (query, code, field) in bad {
        let blame = wire.get(&format!("/api/sessions?{query}")).await.blame();
        assert_eq!((blame.0, blame.1.as_deref()), (code, Some(field)), "{query}");
    }
}

async fn a_gate_counts_each_vehicle_exactly_once(database: Database) {
    let parkd = Parkd::start_on(database, &[]);
    let admin = parkd.admin();
    let entry = GateEntry { ticket: Some("T-1".into()), plate: Some("B 1 AB".into()) };
    let key = |key: &str| Mutation { if_match: None, idempotency_key: Some(key.into()) };
    let entered = admin.gate_entry(&entry, &key("e1")).await.expect("it enters");
    assert_eq!(entered.value.state, SessionState::Open);
    assert_eq!(admin.gate_entry(&entry, &key("e1")).await.expect("the same again"), entered);
    let problem = refused(admin.gate_entry(&entry, &key("e2")).await);
    assert_eq!((problem.code, problem.status), (ProblemCode::AlreadyInside, 409));
    let by_plate = GateEntry { ticket: None, plate: Some("B 1 AB".into()) };
    let left = admin.gate_exit(&by_plate, &key("x1")).await.expect("it leaves");
    assert_eq!((left.value.id, left.value.state), (entered.value.id, SessionState::Closed));
    assert_eq!(admin.gate_exit(&by_plate, &key("x1")).await.expect("the same again"), left);
    for unknown in [&by_plate, &entry, &GateEntry { ticket: Some("T-9".into()), plate: None }] {
        let problem = refused(admin.gate_exit(unknown, &Mutation::default()).await);
        assert_eq!((problem.code, problem.status), (ProblemCode::TicketUnknown, 404), "{unknown:?}");
    }
    let wire = Wire::admin(&parkd);
    for nobody in [json!({}), json!({"ticket": null}), json!({"ticket": "", "plate": " "})] {
        for gate in ["entry", "exit"] {
            let blame = wire.send("POST", &format!("/api/sessions/{gate}"), nobody.clone()).await.blame();
            assert_eq!(blame, (ProblemCode::InvalidField, Some("ticket".into())), "{gate} {nobody}");
        }
    }
    let odd = wire.send("POST", "/api/sessions/entry", json!({"number": "T-1"})).await.blame();
    assert_eq!(odd, (ProblemCode::InvalidField, Some("number".into())));
    assert_eq!(list(&admin, SessionQuery::default()).await.len(), 1);
    parkd.verify();
}
