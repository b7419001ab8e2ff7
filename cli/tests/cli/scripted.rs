//! Against a server that does what it is told: what is sent to whom, what an answer comes to, and what a lost one costs.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Run, args, parkctl, run};
use crate::stub::{Answer, Stub, committed, problem, slot};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn ask(stub: &Stub, line: &str) -> Run {
    run(parkctl(folder().path()).env("PARKCTL_SERVER", &stub.url).args(args(line)))
}

#[test]
fn each_refusal_has_the_exit_code_of_its_kind() {
    for (status, code, exit) in [
        (401, "unauthenticated", 4),
        (403, "forbidden", 4),
        (404, "slot_not_found", 3),
        (408, "request_timeout", 7),
        (409, "toggle_refused", 5),
        (410, "cursor_too_old", 1),
        (412, "rev_stale", 5),
        (422, "invalid_field", 1),
        (429, "rate_limited", 1),
        (500, "internal", 1),
        (503, "overloaded", 1),
        (507, "storage_full", 1),
    ] {
        let stub = Stub::new(vec![problem(status, code)]);
        let text = ask(&stub, "slot toggle A-1");
        assert_eq!((text.code, text.out.as_str()), (Some(exit), ""), "{code}: {}", text.err);
        assert!(text.err.starts_with(&format!("error: it was refused with {code}\n")), "{}", text.err);

        let json = ask(&stub, "slot toggle A-1 -o json");
        assert_eq!((json.code, json.out.as_str()), (Some(exit), ""), "{code}");
        assert_eq!(json.error()["code"], code);
        assert_eq!(json.error()["retryable"], matches!(status, 408 | 429 | 500 | 503), "{code}");
    }
}

#[test]
fn an_answer_that_does_not_come_in_time_is_exit_code_7() {
    let stub = Stub::new(vec![Answer::Silence]);
    let run = ask(&stub, "slot list --timeout 0.2 -o json");
    assert_eq!(run.code, Some(7), "{}", run.err);
    assert_eq!((&run.error()["code"], &run.error()["retryable"]), (&json!("timed_out"), &json!(true)));
}

#[test]
fn an_answer_of_something_else_than_the_daemon_is_exit_code_1() {
    let stub = Stub::new(vec![Answer::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>")]);
    let run = ask(&stub, "slot list -o json");
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert_eq!(run.error()["code"], "protocol");
}

#[test]
fn a_change_whose_answer_was_lost_is_sent_once_more_with_the_same_key() {
    for line in ["slot set A-1 --state occupied", "slot toggle A-1", "slot edit A-1 --level 2", "slot delete A-1 --yes"]
    {
        let stub = Stub::new(vec![Answer::Drop, committed("A-1", "occupied")]);
        let run = ask(&stub, line);
        assert_eq!(run.code, Some(0), "{line}: {}", run.err);
        let seen = stub.seen();
        assert_eq!(seen.len(), 2, "{line}");
        assert_eq!(seen[0].line, seen[1].line);
        assert_eq!(seen[0].headers["idempotency-key"], seen[1].headers["idempotency-key"]);
        assert_eq!(seen[0].body, seen[1].body);
    }
}

#[test]
fn what_is_created_is_created_once_though_its_answer_was_lost() {
    let refused = problem(409, "already_exists");
    for line in [
        "slot create A-1",
        "lot create north",
        "camera create cam-1",
        "token create desk --role viewer",
        "firmware roll-out 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12",
    ] {
        let stub = Stub::new(vec![Answer::Drop, refused.clone()]);
        let run = ask(&stub, line);
        assert_eq!(run.code, Some(5), "{line}: {}", run.err);
        let keys: Vec<_> = stub.seen().iter().map(|seen| seen.headers["idempotency-key"].clone()).collect();
        assert!(keys.len() == 2 && keys[0] == keys[1], "{line}: {keys:?}");
    }
}

#[test]
fn a_connection_that_is_lost_twice_is_exit_code_6() {
    let stub = Stub::new(vec![Answer::Drop]);
    let run = ask(&stub, "slot toggle A-1");
    assert_eq!((run.code, stub.seen().len()), (Some(6), 2), "{}", run.err);
}

#[test]
fn each_of_several_slots_has_a_key_of_its_own_and_the_gravest_failure_decides() {
    let answers = vec![
        committed("A-1", "closed"),
        problem(412, "rev_stale"),
        committed("A-3", "closed"),
        problem(404, "slot_not_found"),
    ];
    let stub = Stub::new(answers);
    let run = ask(&stub, "slot set A-1 A-2 A-3 A-4 --state closed -o json");
    assert_eq!(run.code, Some(5), "{}", run.err);
    let done: Value = serde_json::from_str(&run.out).expect("an array");
    let codes: Vec<_> = done.as_array().expect("an array").iter().map(|slot| &slot["code"]).collect();
    assert_eq!(codes, ["A-1", "A-3"]);
    assert_eq!(run.err.lines().count(), 2);
    let keys: std::collections::HashSet<_> =
        stub.seen().iter().map(|seen| seen.headers["idempotency-key"].clone()).collect();
    assert_eq!(keys.len(), 4);
}

#[test]
fn a_failure_that_concerns_all_ends_the_command_and_names_what_was_not_tried() {
    let stub = Stub::new(vec![committed("A-1", "closed"), problem(401, "unauthenticated")]);
    let run = ask(&stub, "slot set A-1 A-2 A-3 A-4 --state closed");
    assert_eq!((run.code, stub.seen().len()), (Some(4), 2));
    assert!(run.err.ends_with("not tried: A-3, A-4\n"), "{}", run.err);
}

#[test]
fn a_set_says_exactly_what_was_asked() {
    let stub = Stub::new(vec![committed("A-1", "closed")]);
    let run =
        ask(&stub, "slot set A-1 --state closed --note 'oil on the ground' --source sensor --if-match 7 --lot north");
    assert_eq!(run.code, Some(0), "{}", run.err);
    let seen = &stub.seen()[0];
    assert_eq!(seen.line, "PUT /api/slots/A-1?lot=north");
    assert_eq!(seen.headers["if-match"], "\"7\"");
    let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
    assert_eq!(body, json!({"state": "closed", "note": "oil on the ground", "source": "sensor"}));

    let without_note = Stub::new(vec![committed("A-1", "closed")]);
    ask(&without_note, "slot set A-1 --state closed --no-note");
    let body: Value = serde_json::from_slice(&without_note.seen()[0].body).expect("JSON");
    assert_eq!(body, json!({"state": "closed", "note": null}));
}

#[test]
fn a_toggle_that_expects_another_state_is_not_sent() {
    let stub = Stub::new(vec![Answer::Json(200, slot("A-1", "occupied")), committed("A-1", "free")]);
    let refused = ask(&stub, "slot toggle A-1 --expect free -o json");
    assert_eq!((refused.code, stub.seen().len()), (Some(5), 1));
    assert_eq!(refused.error()["code"], "unexpected_state");

    let stub = Stub::new(vec![Answer::Json(200, slot("A-1", "occupied")), committed("A-1", "free")]);
    assert_eq!(ask(&stub, "slot toggle A-1 --expect occupied").code, Some(0));
    assert_eq!(stub.seen()[1].headers["if-match"], "\"7\"");
}

#[test]
fn the_token_of_this_machine_is_sent_to_its_own_daemon_alone() {
    let (own, other) = (Stub::new(vec![Answer::Json(200, json!([]))]), Stub::new(vec![Answer::Json(200, json!([]))]));
    let dir = folder();
    let keep = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("written");
    keep("parkd.url", &own.url);
    keep("admin.token", "pk_secret\n");
    keep("lot", "demo\n");

    assert_eq!(run(parkctl(dir.path()).args(args("slot list"))).code, Some(0));
    assert_eq!(own.seen()[0].headers["authorization"], "Bearer pk_secret");
    assert_eq!(own.seen()[0].line, "GET /api/slots?lot=demo");

    run(parkctl(dir.path()).args(args("slot list --server")).arg(&other.url));
    assert!(!other.seen()[0].headers.contains_key("authorization"));
    assert_eq!(other.seen()[0].line, "GET /api/slots?lot=main");
}

#[test]
fn a_token_is_never_shown() {
    let stub = Stub::new(vec![problem(401, "unauthenticated")]);
    let dir = folder();
    let file = dir.path().join("my.token");
    std::fs::write(&file, "pk_secret").expect("written");
    for line in ["slot list", "slot list -o json", "status", "slot watch", "token list"] {
        let run =
            run(parkctl(dir.path()).args(args(line)).env("PARKCTL_SERVER", &stub.url).arg("--token-file").arg(&file));
        assert_ne!(run.code, Some(0));
        assert!(!format!("{run:?}").contains("pk_secret"), "{run:?}");
    }
    assert!(stub.seen().iter().all(|seen| !seen.line.contains("pk_secret")));
}

#[test]
fn an_empty_list_is_empty_in_every_format() {
    let stub = Stub::new(vec![Answer::Json(200, json!([]))]);
    for noun in ["slot", "lot", "capture", "session", "camera", "token"] {
        assert_eq!(ask(&stub, &format!("{noun} list -o json")).out, "[]\n", "{noun}");
        assert_eq!(ask(&stub, &format!("{noun} list -o jsonl")).out, "", "{noun}");
        let csv = ask(&stub, &format!("{noun} list -o csv"));
        assert_eq!((csv.out.lines().count(), csv.err.as_str()), (1, ""), "{noun}");
        let table = ask(&stub, &format!("{noun} list"));
        assert_eq!((table.out.as_str(), table.err.lines().count()), ("", 1), "{noun}");
    }
}

#[test]
fn every_page_of_a_long_list_is_fetched_and_a_part_is_never_taken_for_the_whole() {
    let session = |n: u32| {
        json!({"id": format!("0190d0e4-7c5b-7e2a-9d3c-{n:012}"), "kind": "slot", "state": "open", "slot_id": null,
            "slot_code": "A-1", "zone": null, "ticket": null, "plate": null, "opened_at": "2026-11-23T05:17:55.000Z",
            "closed_at": null, "opened_seq": n, "closed_seq": null})
    };
    let pages = || {
        vec![
            Answer::Page(json!([session(1), session(2)]), "next-cursor: abc\r\n"),
            Answer::Page(json!([session(3)]), ""),
        ]
    };
    let stub = Stub::new(pages());
    let all = ask(&stub, "session list --all -o jsonl");
    assert_eq!((all.out.lines().count(), all.err.as_str()), (3, ""));
    assert!(stub.seen()[1].line.contains("cursor=abc"), "{}", stub.seen()[1].line);

    let part = ask(&Stub::new(pages()), "session list --limit 2 -o jsonl");
    assert_eq!((part.code, part.out.lines().count()), (Some(0), 2));
    assert_eq!(part.err, "there are more; see --limit and --all\n");
}

#[test]
fn nothing_is_asked_and_nothing_is_done_without_a_terminal() {
    let stub = Stub::new(vec![committed("A-1", "free")]);
    for line in [
        "slot delete A-1",
        "lot delete north",
        "camera delete cam-1",
        "capture delete 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12",
        "token revoke pk_1",
    ] {
        let run = ask(&stub, line);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{line}");
        assert!(run.err.contains("--yes"), "{}", run.err);
    }
    assert_eq!(stub.seen().len(), 0);
}

#[test]
fn a_reader_that_closes_the_pipe_ends_it_quietly() {
    let slots: Vec<Value> = (0..5_000).map(|n| slot(&format!("A-{n}"), "free")).collect();
    let stub = Stub::new(vec![Answer::Json(200, json!(slots))]);
    for format in ["table", "json", "jsonl", "csv"] {
        let mut child = parkctl(folder().path())
            .args(args(&format!("slot list -o {format}")))
            .env("PARKCTL_SERVER", &stub.url)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
        let mut err = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut err).expect("text");
        let code = child.wait().expect("it ends").code();
        assert_eq!((code, err.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn an_import_is_sent_in_the_format_of_the_file() {
    let dir = folder();
    let keep = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let imported = json!({"created": 1, "updated": 0, "unchanged": 0, "dry_run": true, "created_codes": ["A-1"],
        "updated_codes": [], "seq": 3});
    let (imported, slots) = (Answer::Json(200, imported), Answer::Json(200, json!([])));
    let stub = Stub::new(vec![imported.clone(), slots.clone(), imported, slots]);
    let import = |file: &Path| {
        run(parkctl(dir.path()).args(args("slot import --dry-run")).arg(file).env("PARKCTL_SERVER", &stub.url))
    };
    let csv = import(&keep("slots.txt", "\u{feff}code,zone\nA-1,North\n"));
    assert_eq!((csv.code, csv.out.as_str()), (Some(0), "created  A-1\n"), "{}", csv.err);
    assert_eq!(csv.err, "lot main: 1 would be created, 0 would be updated, 0 unchanged\n");
    assert_eq!(import(&keep("slots.data", " [{\"code\": \"A-1\"}]")).code, Some(0));

    let seen = stub.seen();
    assert_eq!(
        (seen[0].headers["content-type"].as_str(), seen[0].body.as_slice()),
        ("text/csv", &b"code,zone\nA-1,North\n"[..])
    );
    assert_eq!(
        (seen[1].line.as_str(), seen[2].headers["content-type"].as_str()),
        ("GET /api/slots?lot=main", "application/json")
    );
    assert!(seen[0].line.contains("dry_run=true"));
}

#[test]
fn bad_rows_of_an_import_are_each_named() {
    let mut refusal = json!({"type": "about:blank", "title": "No", "status": 422, "code": "import_refused",
        "detail": "2 of 3 rows are not valid"});
    refusal["rows"] =
        json!([{"row": 1, "field": "code", "detail": "it is empty"}, {"row": 3, "field": null, "detail": "odd"}]);
    let stub = Stub::new(vec![Answer::Json(422, refusal)]);
    let dir = folder();
    let file = dir.path().join("slots.csv");
    std::fs::write(&file, "code\n\nA-1\nx\n").expect("written");
    let import = |format: &str| {
        run(parkctl(dir.path())
            .args(args(format))
            .arg("slot")
            .arg("import")
            .arg(&file)
            .env("PARKCTL_SERVER", &stub.url))
    };
    let text = import("");
    assert_eq!(text.code, Some(1));
    assert!(text.err.contains("\n  row 1, code: it is empty\n  row 3: odd\nhint: "), "{}", text.err);
    let json = import("-o json");
    assert_eq!(json.error()["rows"][0]["row"], 1);
}

#[cfg(unix)]
#[test]
fn an_interrupt_is_exit_code_130() {
    let stub = Stub::new(vec![Answer::Silence]);
    let mut child = parkctl(folder().path())
        .args(args("slot list"))
        .env("PARKCTL_SERVER", &stub.url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    while stub.seen().is_empty() {
        std::thread::yield_now();
    }
    let killed =
        std::process::Command::new("kill").arg("-INT").arg(child.id().to_string()).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
}
