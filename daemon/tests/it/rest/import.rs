//! Imports: JSON and CSV, all rows or none, and a rehearsal.

use parking_api::ProblemCode;
use parking_api::client::SlotQuery;
use parking_api::slots::Imported;

use super::*;
use crate::wire::{Answer, Wire, answer};

on_both!(a_plan_is_imported_as_csv_and_as_json_alike,);

async fn import(wire: &Wire, query: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let request = wire.request("POST", &format!("/api/slots/import{query}")).header("content-type", content_type);
    answer(request.body(body.into())).await
}

fn done(answer: &Answer) -> Committed<Imported> {
    answer.json(200)
}

fn rows(answer: &Answer) -> Vec<(usize, Option<String>)> {
    answer.problem().rows.into_iter().map(|row| (row.row, row.field)).collect()
}

async fn a_plan_is_imported_as_csv_and_as_json_alike(database: Database) {
    let csv = "\u{feff}zone,code,level,kind,state,x,y,note\r\nA,A-1,1,ev,occupied,57744.670227102644,2,\"by, the \"\"door\"\"\"\r\n,A-2,,,,,,\r\n";
    let json = r#"[{"code": "A-1", "zone": "A", "level": 1, "kind": "ev", "state": "occupied", "position": {"x": 57744.670227102644, "y": 2},
        "note": "by, the \"door\""}, {"code": "A-2"}]"#;
    let mut lists = Vec::new();
    for (content_type, body) in [("text/csv; charset=utf-8", csv), ("application/json", json)] {
        let parkd = Parkd::start_on(database, &[]);
        let report = done(&import(&Wire::admin(&parkd), "", content_type, body).await);
        assert_eq!((report.value.created, report.value.updated, report.value.unchanged), (2, 0, 0), "{content_type}");
        assert_eq!(report.seq, head(&parkd.admin()).await);
        let slots = parkd.admin().slots(&SlotQuery::default()).await.expect("slots");
        assert_eq!(slots[0].note.as_deref(), Some("by, the \"door\""));
        assert_eq!(
            parkd.admin().sessions(&Default::default()).await.expect("sessions").items.len(),
            1,
            "it is occupied"
        );
        let plain =
            |slot: &Slot| (slot.code.clone(), slot.zone.clone(), slot.level, slot.kind, slot.state, slot.position);
        lists.push(slots.iter().map(plain).collect::<Vec<_>>());
        let again = done(&import(&Wire::admin(&parkd), "", content_type, body).await);
        assert_eq!((again.value.unchanged, again.seq), (2, report.seq), "the second time nothing changes");
        parkd.verify();
    }
    assert_eq!(lists[0], lists[1]);
}

#[tokio::test]
async fn a_rehearsal_says_what_would_be_done_and_does_nothing() {
    let parkd = with_slots(&[new_slot("A-1"), new_slot("A-2")]).await;
    let wire = Wire::admin(&parkd);
    let before = (head(&parkd.admin()).await, wire.get("/api/slots").await.body);
    let csv = "code,level\nA-1,5\nA-2,0\nA-3,0\n";
    let rehearsed = done(&import(&wire, "?dry_run=true", "text/csv", csv).await);
    assert!(rehearsed.value.dry_run);
    assert_eq!((rehearsed.value.created, rehearsed.value.updated, rehearsed.value.unchanged), (1, 1, 1));
    assert_eq!(rehearsed.seq, before.0, "the number is that of the newest event");
    assert_eq!((head(&parkd.admin()).await, wire.get("/api/slots").await.body), before);
    let real = done(&import(&wire, "?dry_run=false", "text/csv", csv).await);
    assert_eq!(Imported { dry_run: false, ..rehearsed.value }, real.value);
    assert_eq!(real.seq, before.0 + 2);
}

#[tokio::test]
async fn one_bad_row_refuses_all_and_every_bad_row_is_named() {
    let parkd = with_slots(&[new_slot("A-1")]).await;
    let wire = Wire::admin(&parkd);
    let before = (head(&parkd.admin()).await, wire.get("/api/slots").await.body);
    let field = |name: &str| Some(name.to_string());
    let csv = "code,zone,level,kind,state,x,y\nB-1,,,,,,\n,,,,,,\nB/2,,,,,,\nB-3,,high,,,,\nB-4,,,tank,,,\nB-5,,,,full,,\nB-6,,,,,1,\nB-7,,,,,1,two\nB-8,,,,,,,9\n";
    for query in ["", "?dry_run=true"] {
        let refused = import(&wire, query, "text/csv", csv).await;
        assert_eq!(refused.code(), ProblemCode::ImportRefused);
        let expected = vec![
            (2, field("code")),
            (3, field("code")),
            (4, field("level")),
            (5, field("kind")),
            (6, field("state")),
            (7, field("y")),
            (8, field("y")),
            (9, None),
        ];
        assert_eq!(rows(&refused), expected);
    }
    let by_rules = "code,x,y\nB-1,0,0\nA-1,NaN,0\nB-1,0,0\n";
    let refused = import(&wire, "", "text/csv", by_rules).await;
    assert_eq!(rows(&refused), [(2, field("position")), (3, field("code"))]);
    assert!(refused.problem().detail.contains("2 of 3 rows"));
    let json = import(&wire, "", "application/json", r#"[{"code": "B-1"}, {"code": "B-2", "kind": "tank"}]"#).await;
    assert_eq!((json.code(), json.problem().field), (ProblemCode::InvalidField, field("[1].kind")));
    assert_eq!((head(&parkd.admin()).await, wire.get("/api/slots").await.body), before, "nothing was imported");
}

/// A plan by its name, type and bytes; the code that it is refused with, and the field that is blamed.
type Case = (&'static str, &'static str, Vec<u8>, ProblemCode, Option<&'static str>);

#[tokio::test]
async fn what_is_no_plan_is_refused_as_a_whole() {
    let parkd = Parkd::start(&[]);
    let wire = Wire::admin(&parkd);
    let large = format!("code\n{}", "A-1\n".repeat(2_200_000));
    let many = format!("code\n{}", (0..20_001).map(|n| format!("S-{n}\n")).collect::<String>());
    let cases: Vec<Case> = vec![
        ("a column twice", "text/csv", "code,code\n".into(), ProblemCode::InvalidField, Some("header")),
        ("an unknown column", "text/csv", "code,colour\n".into(), ProblemCode::InvalidField, Some("header")),
        ("no code", "text/csv", "zone\nA\n".into(), ProblemCode::InvalidField, Some("header")),
        ("nothing", "text/csv", "".into(), ProblemCode::InvalidField, Some("header")),
        ("no text", "text/csv", vec![0xFF, 0xFE, 0x00], ProblemCode::InvalidField, Some("header")),
        ("no array", "application/json", "{}".into(), ProblemCode::InvalidField, None),
        ("no JSON", "application/json", "code\nA-1\n".into(), ProblemCode::BadRequest, None),
        ("another type", "text/plain", "code\nA-1\n".into(), ProblemCode::UnsupportedMediaType, None),
        ("too large", "text/csv", large.into(), ProblemCode::BodyTooLarge, None),
        ("too many rows", "text/csv", many.into(), ProblemCode::LimitReached, None),
    ];
    for (name, content_type, body, code, field) in cases {
        let blame = import(&wire, "", content_type, body).await.blame();
        assert_eq!((blame.0, blame.1.as_deref()), (code, field), "{name}");
    }
    let (code, field) = import(&wire, "?dry_run=maybe", "text/csv", "code\n").await.blame();
    assert_eq!((code, field.as_deref()), (ProblemCode::InvalidField, Some("dry_run")));
    assert_eq!(
        done(&import(&wire, "", "text/csv", "code\n").await).value.created,
        0,
        "a header alone is a plan of nothing"
    );
    assert_eq!(wire.get("/api/slots").await.text(), "[]");
}
