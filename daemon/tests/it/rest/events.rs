//! The log by page and by long poll.

use std::time::{Duration, Instant};

use futures_util::future::join;
use parking_api::ProblemCode;
use parking_api::client::{EventQuery, SessionQuery};
use parking_api::events::{ActorKind, EventChange, EventPage};
use parking_api::slots::SlotPatch;
use parking_api::tokens::Role;

use super::*;
use crate::wire::{Wire, token};

on_both!(
    the_log_is_read_in_pages_from_its_beginning_or_from_its_end,
    the_log_is_narrowed_by_kind_slot_and_actor,
    a_code_that_is_gone_or_was_changed_leads_to_what_was,
    events_that_were_folded_away_are_gone_and_the_rest_follows,
);

/// Much shorter than the longest wait, much longer than an answer takes.
const A_MOMENT: Duration = Duration::from_secs(10);

fn after(seq: u64) -> EventQuery {
    EventQuery { after: Some(seq), ..EventQuery::default() }
}

fn seqs(page: &EventPage) -> Vec<u64> {
    page.events.iter().map(parking_api::events::LogEntry::seq).collect()
}

async fn the_log_is_read_in_pages_from_its_beginning_or_from_its_end(database: Database) {
    let parkd = with_slots_on(database, &["A-1", "A-2", "A-3"].map(new_slot)).await;
    let admin = parkd.admin();
    for _ in 0..6 {
        toggle(&admin, "A-1").await;
    }
    let head = head(&admin).await;
    let whole = admin.events(&after(0)).await.expect("a page");
    assert_eq!((seqs(&whole), whole.head, whole.floor), ((1..=head).collect(), head, 1), "gapless, oldest first");
    let mut walked = Vec::new();
    while walked.last() != Some(&head) {
        let query = EventQuery { limit: Some(4), ..after(walked.last().copied().unwrap_or(0)) };
        walked.extend(seqs(&admin.events(&query).await.expect("a page")));
    }
    assert_eq!(walked, (1..=head).collect::<Vec<_>>());
    let newest = admin.events(&EventQuery { limit: Some(3), ..EventQuery::default() }).await.expect("a page");
    assert_eq!(seqs(&newest), [head - 2, head - 1, head]);
    assert!(admin.events(&after(head)).await.expect("a page").events.is_empty());
    let (wire, mut walked, mut cursor) = (Wire::admin(&parkd), Vec::new(), String::new());
    loop {
        let answer = wire.get(&format!("/api/events?limit=4{cursor}")).await;
        let page: EventPage = answer.json(200);
        walked.splice(0..0, seqs(&page));
        match answer.header("next-cursor") {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(walked, (1..=head).collect::<Vec<_>>(), "page by page, back to the beginning");
}

async fn the_log_is_narrowed_by_kind_slot_and_actor(database: Database) {
    let parkd = with_slots_on(database, &["A-1", "A-2"].map(new_slot)).await;
    let admin = parkd.admin();
    let attendant = parkd.client_with(Some(token(&parkd, Role::Attendant).await));
    let by_hand = toggle(&attendant, "A-1").await;
    let by_admin = toggle(&admin, "A-1").await;
    let elsewhere = toggle(&attendant, "A-2").await;
    let all = EventQuery::default();
    let cases = [
        (
            EventQuery { slot: Some(at("A-1")), kind: Some("slot.changed".into()), ..all.clone() },
            vec![by_hand.seq, by_admin.seq],
        ),
        (EventQuery { actor: Some("test attendant".into()), ..all.clone() }, vec![by_hand.seq, elsewhere.seq]),
        (
            EventQuery {
                slot: Some(SlotRef::Id(elsewhere.value.id)),
                actor: Some("test attendant".into()),
                ..all.clone()
            },
            vec![elsewhere.seq],
        ),
        (EventQuery { kind: Some("lot.created".into()), ..all.clone() }, vec![1]),
        (EventQuery { kind: Some("no.such".into()), ..all.clone() }, vec![]),
    ];
    for (query, expected) in cases {
        assert_eq!(seqs(&admin.events(&query).await.expect("a page")), expected, "{query:?}");
    }
    let page = admin.events(&after(by_hand.seq - 1)).await.expect("a page");
    let event = page.events[0].event().expect("an event");
    assert_eq!((event.actor.kind, event.actor.name.as_deref()), (ActorKind::Token, Some("test attendant")));
    assert!(matches!(&event.change, EventChange::SlotChanged { slot, session: Some(_) } if *slot == by_hand.value));
    let gone = elsewhere.value.id;
    admin.slot_delete(&at("A-2"), &Default::default()).await.expect("it is deleted");
    let of_gone = EventQuery { slot: Some(SlotRef::Id(gone)), ..all };
    assert_eq!(
        admin.events(&of_gone).await.expect("a page").events.len(),
        3,
        "a slot that is gone has a history still"
    );
}

async fn a_code_that_is_gone_or_was_changed_leads_to_what_was(database: Database) {
    let parkd = with_slots_on(database, &["A-1", "A-2"].map(new_slot)).await;
    let admin = parkd.admin();
    for code in ["A-1", "A-2"] {
        toggle(&admin, code).await;
    }
    let gone = admin.slot_delete(&at("A-2"), &Default::default()).await.expect("it is deleted").value.id;
    let patch = SlotPatch { code: Some("B-1".parse().expect("a code")), ..SlotPatch::default() };
    let renamed = admin.slot_patch(&at("A-1"), &patch, &Default::default()).await.expect("it is renamed").value.id;
    let of = async |slot: SlotRef| {
        let events = admin.events(&EventQuery { slot: Some(slot.clone()), ..EventQuery::default() }).await;
        let sessions = admin.sessions(&SessionQuery { slot: Some(slot), ..SessionQuery::default() }).await;
        (seqs(&events.expect("a page")), sessions.expect("a page").items)
    };
    for (code, id) in [("A-2", gone), ("A-1", renamed), ("B-1", renamed)] {
        let (events, sessions) = of(at(code)).await;
        assert_eq!((events.len(), sessions.len()), (3, 1), "{code}");
        assert_eq!((events, sessions), of(SlotRef::Id(id)).await, "{code}");
    }
    admin.slot_create(&new_slot("A-2")).await.expect("a slot");
    assert_eq!(of(at("A-2")).await.0.len(), 1, "who has the code now has it");
}

#[tokio::test]
async fn a_cursor_that_leads_nowhere_is_gone_and_a_bad_query_is_blamed() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let page = admin.events(&after(0)).await.expect("a page");
    let epoch = |epoch: &str| EventQuery { epoch: Some(epoch.into()), ..after(1) };
    assert_eq!(seqs(&admin.events(&epoch(&page.epoch)).await.expect("a page")), [2]);
    for gone in [epoch("0000000000000000"), after(page.head + 1), after(u64::MAX)] {
        let problem = refused(admin.events(&gone).await);
        assert_eq!((problem.code, problem.status), (ProblemCode::CursorTooOld, 410), "{gone:?}");
    }
    let wire = Wire::admin(&parkd);
    let bad = [
        ("wait=31", ProblemCode::InvalidField, "wait"),
        ("wait=-1", ProblemCode::InvalidField, "wait"),
        ("limit=0", ProblemCode::InvalidField, "limit"),
        ("limit=1001", ProblemCode::InvalidField, "limit"),
        ("after=now", ProblemCode::InvalidField, "after"),
        ("slot=NONE", ProblemCode::SlotNotFound, "slot"),
        ("since=1", ProblemCode::InvalidField, "since"),
        ("cursor=1", ProblemCode::InvalidField, "cursor"),
        ("cursor=after.x", ProblemCode::InvalidField, "cursor"),
    ];
    for (query, code, field) in bad {
        let blame = wire.get(&format!("/api/events?{query}")).await.blame();
        assert_eq!((blame.0, blame.1.as_deref()), (code, Some(field)), "{query}");
    }
}

async fn events_that_were_folded_away_are_gone_and_the_rest_follows(database: Database) {
    let mut parkd = Parkd::start_on(database, &["--events-keep", "1000"]);
    let slots: Vec<_> = (0..1_500).map(|n| new_slot(&format!("S-{n}"))).collect();
    parkd.admin().slots_import_json(&slots, false).await.expect("they are imported");
    assert_eq!(parkd.stop(), Some(0));
    // What is too old is folded when the daemon starts, and every ten minutes.
    parkd.restart();
    let admin = parkd.admin();
    let page = crate::harness::wait_for("the fold", || async {
        let page = admin.events(&EventQuery::default()).await.expect("a page");
        (page.floor > 1).then_some(page)
    });
    let page = page.await;
    assert_eq!(page.floor, page.head - 999);
    assert_eq!(refused(admin.events(&after(page.floor - 2)).await).code, ProblemCode::CursorTooOld);
    let rest = admin.events(&EventQuery { limit: Some(1_000), ..after(page.floor - 1) }).await.expect("a page");
    assert_eq!(seqs(&rest), (page.floor..=page.head).collect::<Vec<_>>());
    parkd.verify();
}

#[tokio::test]
async fn a_long_poll_wakes_as_soon_as_something_happens() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let admin = parkd.admin();
    for _ in 0..5 {
        let from = head(&admin).await;
        let poll = EventQuery { wait_s: Some(30), ..after(from) };
        let since = Instant::now();
        let (page, changed) = join(admin.events(&poll), toggle(&admin, "A-1")).await;
        let (page, changed) = (page.expect("a page"), changed.seq);
        assert_eq!((seqs(&page), page.head), (vec![changed], changed));
        assert!(since.elapsed() < A_MOMENT, "{:?}", since.elapsed());
    }
}

#[tokio::test]
async fn a_long_poll_waits_for_what_was_asked_for_and_no_longer_than_asked() {
    let parkd = with_slots(&["A-1", "A-2"].map(new_slot)).await;
    let admin = parkd.admin();
    let from = head(&admin).await;
    let since = Instant::now();
    assert!(admin.events(&EventQuery { wait_s: Some(0), ..after(from) }).await.expect("a page").events.is_empty());
    assert!(since.elapsed() < A_MOMENT, "without a wait it answers at once");
    let since = Instant::now();
    assert!(admin.events(&EventQuery { wait_s: Some(1), ..after(from) }).await.expect("a page").events.is_empty());
    assert!(since.elapsed() >= Duration::from_secs(1) && since.elapsed() < A_MOMENT, "{:?}", since.elapsed());
    let poll = EventQuery { wait_s: Some(30), slot: Some(at("A-2")), ..after(from) };
    let changes = async {
        toggle(&admin, "A-1").await;
        toggle(&admin, "A-2").await.seq
    };
    let (page, wanted) = join(admin.events(&poll), changes).await;
    assert_eq!(seqs(&page.expect("a page")), [wanted], "another slot does not count");
}
