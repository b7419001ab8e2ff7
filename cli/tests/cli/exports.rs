//! Exports: everything, once, in a form that a spreadsheet and `import` both read.

use serde_json::Value;

use crate::daemon::Daemon;
use crate::run::{args, parkctl, run};
use crate::stub::{Answer, Stub};

#[test]
fn exported_slots_are_read_in_again_as_they_were() {
    let daemon = Daemon::with_slots();
    assert_eq!(daemon.ask("lot create copy").code, Some(0));
    for note in ["=1+1", "@home, \"quoted\"", "-5"] {
        assert_eq!(daemon.ask(&format!("slot edit A-01 '--note={note}'")).code, Some(0), "{note}");
        for format in ["csv", "json", "jsonl"] {
            let export = daemon.ask(&format!("slot export -o {format}"));
            assert_eq!((export.code, export.err.as_str()), (Some(0), "exported 5 slots of lot main\n"), "{export:?}");
            if format == "jsonl" {
                assert_eq!(export.out.lines().count(), 5);
                continue;
            }
            let file = daemon.data_dir().join(format!("plan.{format}"));
            std::fs::write(&file, &export.out).expect("written");
            let again = daemon.ask(&format!("slot import {} -o json", file.display()));
            let again: Value = serde_json::from_str(&again.out).expect("JSON");
            assert_eq!(again["unchanged"], 5, "{note} as {format}: {again}");
            assert_eq!(daemon.ask(&format!("slot import {} --lot copy", file.display())).code, Some(0));
            let note = |lot: &str| {
                let slot = daemon.ask(&format!("slot get A-01 --lot {lot} -o json"));
                serde_json::from_str::<Value>(&slot.out).expect("JSON")["note"].clone()
            };
            assert_eq!(note("copy"), note("main"), "{format}");
        }
    }
    let csv = daemon.ask("slot export");
    assert_eq!(csv.out.lines().next(), Some("code,zone,level,kind,state,x,y,note"));
}

#[test]
fn sessions_are_exported_page_by_page_and_plates_are_no_formulas() {
    let daemon = Daemon::start();
    for plate in ["'=HYPERLINK(1)'", "'B 1234 \"X\"'", "'Ä,Ö'"] {
        assert_eq!(daemon.ask(&format!("session entry --plate {plate}")).code, Some(0), "{plate}");
    }
    assert_eq!(daemon.ask("session exit --plate 'Ä,Ö'").code, Some(0));
    let export = daemon.ask("session export --from 1h");
    assert_eq!((export.code, export.err.as_str()), (Some(0), "exported 3 sessions of lot main\n"), "{export:?}");
    let mut reader = csv::Reader::from_reader(export.out.as_bytes());
    let plate = reader.headers().expect("a header").iter().position(|name| name == "plate").expect("a column");
    let plates: Vec<String> = reader.records().map(|row| row.expect("RFC 4180")[plate].to_string()).collect();
    assert_eq!(plates, ["Ä,Ö", "B 1234 \"X\"", "'=HYPERLINK(1)"]);
    let json = daemon.ask("session export --state closed -o json");
    let json: Vec<Value> = serde_json::from_str(&json.out).expect("one document");
    assert_eq!((json.len(), &json[0]["plate"]), (1, &Value::from("Ä,Ö")));
    let none = daemon.ask("session export --to 1h -o json");
    assert_eq!(serde_json::from_str::<Value>(&none.out).expect("one document"), Value::Array(Vec::new()));
    let refused = daemon.ask("session export -o table");
    assert_eq!(refused.code, Some(2), "{refused:?}");

    let events = daemon.ask("event export --since 1h -o jsonl");
    let kinds: Vec<String> = events
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["kind"].as_str().expect("a kind").into())
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "session.opened").count(), 3, "{kinds:?}");
    assert_eq!(events.err, format!("exported {} events of lot main\n", kinds.len()));
}

#[test]
fn a_page_is_written_before_the_next_is_asked_for() {
    let session = |n: u32| {
        serde_json::json!({"id": format!("0190d0e4-7c5b-7e2a-9d3c-{n:012}"), "kind": "gate", "state": "open",
            "slot_id": null, "slot_code": null, "zone": null, "ticket": format!("T-{n}"), "plate": null,
            "opened_at": "2026-11-23T05:17:55.000Z", "closed_at": null, "opened_seq": n, "closed_seq": null})
    };
    let pages = vec![Answer::Page(serde_json::json!([session(1)]), "next-cursor: abc\r\n"), Answer::Drop];
    let stub = Stub::new(pages);
    let home = tempfile::tempdir().expect("a folder");
    let broken = run(parkctl(home.path()).args(args("session export")).env("PARKCTL_SERVER", &stub.url));
    assert_eq!(broken.code, Some(6), "{broken:?}");
    assert!(broken.out.contains("T-1"), "what came before the failure is there: {}", broken.out);
}
