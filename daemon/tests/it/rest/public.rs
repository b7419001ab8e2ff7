//! What anybody may read where the operator made reading public: what is free, and nothing about people.

use parking_api::client::Mutation;
use parking_api::events::{EventPage, LogEntry, WITHHELD};
use parking_api::live::Frame;
use parking_api::sessions::GateEntry;
use parking_api::slots::SlotStats;
use parking_api::{ProblemCode, paths};
use serde_json::json;

use super::streams::Stream;
use super::*;
use crate::wire::{Wire, camera, frame, socket};

/// Words that must never reach the public.
const SECRETS: [&str; 6] = ["SECRETNOTE", "SECRETPLATE", "SECRETTICKET", "secretcam", "SECRETNAME", "park_"];

/// A lot in which every kind of thing has happened.
async fn busy() -> Parkd {
    let parkd = Parkd::start(&["--public-read"]);
    let admin = parkd.admin();
    let token = json!({"name": "SECRETNAME", "role": "attendant"});
    let made: serde_json::Value = Wire::admin(&parkd).send("POST", "/api/tokens", token).await.json(201);
    let person = parkd.client_with(made["token"].as_str().map(str::to_string));
    let noted = NewSlot { note: Some("SECRETNOTE".into()), ..in_zone("A-1", "A", SlotState::Free) };
    admin.slots_import_json(&[noted, new_slot("A-2")], false).await.expect("slots");
    toggle(&person, "A-1").await;
    let entry = GateEntry { ticket: Some("SECRETTICKET".into()), plate: Some("SECRETPLATE".into()) };
    person.gate_entry(&entry, &Mutation::default()).await.expect("it enters");
    let camera = Wire::new(&parkd, Some(&camera(&parkd, "secretcam").await));
    assert_eq!(camera.send("POST", "/api/cameras/secretcam/health", json!({})).await.status, 200);
    admin.slot_delete(&at("A-2"), &Mutation::default()).await.expect("it is deleted");
    parkd
}

fn check(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is public: {text}");
    }
}

fn check_entry(entry: &LogEntry) {
    check(&serde_json::to_string(entry).expect("JSON"));
    let kind = entry.kind();
    let is_public = kind.starts_with("slot.") || kind.starts_with("lot.") || kind == WITHHELD;
    assert!(is_public, "{kind} is not for the public");
    assert!(entry.event().is_none_or(|event| event.actor.name.is_none()), "nobody is named: {entry:?}");
}

#[tokio::test]
async fn the_public_sees_slots_and_figures_but_no_notes_and_no_names() {
    let parkd = busy().await;
    let nobody = Wire::new(&parkd, None);
    let list = nobody.get(paths::SLOTS).await;
    let slots: Vec<Slot> = list.json(200);
    assert_eq!((slots.len(), slots[0].state, slots[0].note.as_deref()), (1, SlotState::Occupied, None));
    check(&list.text());
    for path in ["/api/slots?zone=A", "/api/slots/A-1", "/api/slots/stats", "/api/lots", "/api/lots/main"] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        check(&answer.text());
    }
    let stats: SlotStats = nobody.get(paths::SLOTS_STATS).await.json(200);
    assert_eq!((stats.counts.total, stats.counts.occupied), (1, 1));
    let staff: Vec<Slot> = Wire::admin(&parkd).get(paths::SLOTS).await.json(200);
    assert_eq!(staff[0].note.as_deref(), Some("SECRETNOTE"), "who has a token sees the note");
    for path in ["/api/sessions", "/api/sessions/stats", "/api/cameras", "/api/captures", "/api/tokens", "/images/x"] {
        assert_eq!(nobody.get(path).await.code(), ProblemCode::Unauthenticated, "{path}");
    }
    assert_eq!(nobody.call("POST", "/api/slots/A-1/toggle").await.code(), ProblemCode::Unauthenticated);
}

#[tokio::test]
async fn the_public_sees_every_place_in_the_log_and_only_what_is_public_in_it() {
    let parkd = busy().await;
    let nobody = Wire::new(&parkd, None);
    let page: EventPage = nobody.get("/api/events?after=0&limit=1000").await.json(200);
    let seqs: Vec<_> = page.events.iter().map(LogEntry::seq).collect();
    assert_eq!(seqs, (1..=page.head).collect::<Vec<_>>(), "the chain is whole");
    page.events.iter().for_each(check_entry);
    let kinds: Vec<_> = page.events.iter().map(LogEntry::kind).collect();
    for kind in ["lot.created", "slot.created", "slot.changed", "slot.deleted", WITHHELD] {
        assert!(kinds.contains(&kind), "{kind} is missing: {kinds:?}");
    }
    let mut stream = Stream::open(&nobody, "?after=0", None).await;
    for entry in &page.events {
        let (_, streamed) = stream.next().await.expect("an event");
        assert_eq!(&streamed, entry, "the stream says the same");
    }
}

#[tokio::test]
async fn the_public_cannot_find_out_by_asking_for_it() {
    let parkd = busy().await;
    let nobody = Wire::new(&parkd, None);
    let by_name = nobody.get("/api/events?after=0&actor=SECRETNAME").await;
    assert_eq!(by_name.code(), ProblemCode::Unauthenticated, "who did it is not to be guessed");
    let of_nothing = nobody.get("/api/events?slot=0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12").await;
    assert_eq!(of_nothing.code(), ProblemCode::SlotNotFound, "nobody has the whole log looked through for nothing");
    for kind in ["session.opened", "token.created", "camera.created", "camera.status"] {
        let page: EventPage = nobody.get(&format!("/api/events?after=0&kind={kind}")).await.json(200);
        assert_eq!(page.events, [], "{kind}");
    }
    let page: EventPage = nobody.get("/api/events?after=0&kind=slot.changed").await.json(200);
    assert_eq!(page.events.len(), 1);
    let viewer = Wire::new(&parkd, Some(&crate::wire::token(&parkd, parking_api::tokens::Role::Viewer).await));
    let page: EventPage = viewer.get("/api/events?after=0&kind=token.created").await.json(200);
    assert_eq!(page.events, [], "nor who was given a token, by staff");
    let page: EventPage = viewer.get("/api/events?after=0&actor=SECRETNAME&kind=session.opened").await.json(200);
    assert_eq!(page.events.len(), 1, "staff may ask who did what");
}

#[tokio::test]
async fn the_public_follows_live_without_names_cameras_and_stays() {
    let parkd = busy().await;
    let mut socket = socket(&parkd, "/ws", &[]).await;
    let snapshot = loop {
        match frame(&mut socket).await.expect("a frame") {
            Frame::Snapshot(snapshot) => break snapshot,
            other => assert!(matches!(other, Frame::Hello(_)), "{other:?}"),
        }
    };
    check(&serde_json::to_string(&snapshot).expect("JSON"));
    assert!(snapshot.cameras.is_empty() && snapshot.slots.iter().all(|slot| slot.note.is_none()));
    let admin = parkd.admin();
    let set_note = SetSlot { note: Some(Some("SECRETNOTE".into())), ..SetSlot::to(SlotState::Free) };
    admin.slot_set(&at("A-1"), &set_note, &Mutation::default()).await.expect("it is set");
    let exit = GateEntry { ticket: Some("SECRETTICKET".into()), plate: None };
    let last = admin.gate_exit(&exit, &Mutation::default()).await.expect("it leaves").seq;
    let mut seq = snapshot.seq;
    while seq < last {
        if let Frame::Events(events) = frame(&mut socket).await.expect("a frame") {
            for entry in &events.events {
                check_entry(entry);
                assert_eq!(entry.seq(), seq + 1, "the chain is whole");
                seq = entry.seq();
            }
        }
    }
}
