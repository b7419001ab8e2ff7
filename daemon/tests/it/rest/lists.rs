//! The list of all slots: in the order of people, by filter, kept ready plain and compressed.

use parking_api::client::SlotQuery;
use parking_api::slots::SlotPatch;
use parking_api::{ProblemCode, SlotCode, paths};

use super::*;
use crate::wire::{Answer, Wire, answer};

fn codes(slots: &[Slot]) -> Vec<String> {
    slots.iter().map(|slot| slot.code.to_string()).collect()
}

async fn list(wire: &Wire, headers: &[(&str, &str)]) -> Answer {
    let mut request = wire.request("GET", paths::SLOTS);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

#[tokio::test]
async fn slots_are_listed_as_people_count() {
    let shuffled = ["B-1", "A-10", "A-2", "10", "A-1", "9", "A-01", "A"];
    let parkd = with_slots(&shuffled.map(new_slot)).await;
    let slots = parkd.admin().slots(&SlotQuery::default()).await.expect("slots");
    assert_eq!(codes(&slots), ["9", "10", "A", "A-01", "A-1", "A-2", "A-10", "B-1"]);
}

#[tokio::test]
async fn a_list_is_narrowed_by_zone_state_and_kind() {
    let mut slots = vec![
        in_zone("A-1", "A", SlotState::Free),
        in_zone("A-2", "A", SlotState::Occupied),
        in_zone("B-1", "B", SlotState::Occupied),
        new_slot("C-1"),
    ];
    slots[2].kind = SlotKind::Ev;
    let parkd = with_slots(&slots).await;
    let admin = parkd.admin();
    let query = |zone: Option<&str>, state, kind| SlotQuery { zone: zone.map(str::to_string), state, kind };
    let cases: [(SlotQuery, &[&str]); 6] = [
        (query(Some("A"), None, None), &["A-1", "A-2"]),
        (query(None, Some(SlotState::Occupied), None), &["A-2", "B-1"]),
        (query(None, None, Some(SlotKind::Ev)), &["B-1"]),
        (query(Some("A"), Some(SlotState::Occupied), Some(SlotKind::Standard)), &["A-2"]),
        (query(Some(""), None, None), &["C-1"]),
        (query(Some("Z"), None, None), &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(codes(&admin.slots(&query).await.expect("slots")), expected, "{query:?}");
    }
    let wire = Wire::admin(&parkd);
    for (query, field) in [("state=full", "state"), ("kind=tank", "kind"), ("colour=red", "colour"), ("lot=X", "lot")] {
        let blame = wire.get(&format!("{}?{query}", paths::SLOTS)).await.blame();
        assert_eq!((blame.0, blame.1.as_deref()), (ProblemCode::InvalidField, Some(field)), "{query}");
    }
}

#[tokio::test]
async fn the_compressed_list_is_the_plain_one_after_every_kind_of_change() {
    // More than two of the pieces that the list is kept in.
    let slots: Vec<_> = (0..300).map(|n| new_slot(&format!("S-{n}"))).collect();
    let parkd = with_slots(&slots).await;
    let (admin, wire) = (parkd.admin(), Wire::admin(&parkd));
    let mut tags = Vec::new();
    for change in 0..7 {
        match change {
            0 => {}
            1 => drop(toggle(&admin, "S-150").await),
            2 => drop(admin.slot_create(&new_slot("S-77-b")).await.expect("a slot")),
            3 => drop(admin.slot_delete(&at("S-0"), &Default::default()).await.expect("it is gone")),
            4 => {
                let code: SlotCode = "A-first".parse().expect("a code");
                let patch = SlotPatch { code: Some(code), note: Some(Some("ü \"\\".into())), ..SlotPatch::default() };
                drop(admin.slot_patch(&at("S-299"), &patch, &Default::default()).await.expect("it is renamed"));
            }
            5 => drop(toggle(&admin, "A-first").await),
            _ => drop(set(&admin, "S-298", SlotState::Closed).await),
        }
        let plain = list(&wire, &[]).await;
        let listed: Vec<Slot> = plain.json(200);
        assert_eq!(list(&wire, &[("accept-encoding", "gzip")]).await.unpacked(), plain.body, "change {change}");
        for code in ["S-150", "S-298", "S-1"] {
            let one = admin.slot(&at(code)).await.expect("the slot");
            assert!(listed.contains(&one), "change {change}: {code} is in the list as it is");
        }
        tags.push(plain.header("etag").expect("a tag").to_string());
    }
    let listed = admin.slots(&SlotQuery::default()).await.expect("slots");
    assert_eq!((listed.len(), listed[0].code.as_str(), listed[0].note.as_deref()), (300, "A-first", Some("ü \"\\")));
    assert_eq!(listed[0].state, SlotState::Occupied);
    let different: std::collections::BTreeSet<_> = tags.iter().collect();
    assert_eq!(different.len(), tags.len(), "each version has a tag of its own");
}

#[tokio::test]
async fn an_empty_list_is_a_list() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    assert_eq!(&list(&wire, &[]).await.body[..], b"[]");
    assert_eq!(list(&wire, &[("accept-encoding", "gzip")]).await.unpacked(), b"[]");
}

#[tokio::test]
async fn a_list_that_has_not_changed_is_not_sent_again() {
    let mut parkd = with_slots(&[new_slot("A-1")]).await;
    let wire = Wire::admin(&parkd);
    let first = list(&wire, &[]).await;
    let tag = first.header("etag").expect("a tag").to_string();
    assert!(
        first.header("vary").is_some_and(|vary| vary.contains("Accept-Encoding") && vary.contains("Authorization"))
    );
    for known in [tag.clone(), format!("\"x\", {tag}"), tag.trim_start_matches("W/").to_string()] {
        let again = list(&wire, &[("if-none-match", &known), ("accept-encoding", "gzip")]).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag.as_str())), "{known}");
    }
    let filtered = answer(wire.request("GET", "/api/slots?state=free").header("if-none-match", &tag)).await;
    assert_eq!(filtered.status, 304, "a filter of the same version has not changed either");
    let sessions = wire.get("/api/sessions").await;
    assert_eq!(sessions.status, 200, "reading changes nothing");
    assert_eq!(list(&wire, &[("if-none-match", &tag)]).await.status, 304);
    toggle(&parkd.admin(), "A-1").await;
    let changed = list(&wire, &[("if-none-match", &tag)]).await;
    assert_eq!(changed.status, 200);
    assert_eq!(parkd.stop(), Some(0));
    parkd.restart();
    assert_eq!(list(&Wire::admin(&parkd), &[]).await.body, changed.body, "and after a restart it is the same list");
}

#[tokio::test]
async fn only_who_takes_gzip_is_sent_gzip() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let wire = Wire::admin(&parkd);
    let cases = [
        ("gzip", true),
        ("br, gzip;q=0.5", true),
        ("*", true),
        ("gzip;q=0", false),
        ("gzip; q=0.0", false),
        ("br", false),
        ("identity", false),
        ("", false),
    ];
    for (accepted, is_gzip) in cases {
        let answer = list(&wire, &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding") == Some("gzip"), is_gzip, "{accepted:?}");
    }
}
