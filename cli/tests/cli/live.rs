//! Against a real daemon: what is printed, what is live, and what survives it.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::daemon::Daemon;
use crate::following::Following;
use crate::run::{SETTINGS, args, parkctl, run};

/// Each file is a story of its own with an empty daemon.
fn recorded(story: &str) {
    let daemon = Daemon::start();
    let cases = trycmd::TestCases::new();
    for name in SETTINGS {
        cases.env(name, "");
    }
    let config = tempfile::tempdir().expect("a folder");
    cases.env("PARKCTL_CONFIG_DIR", config.path().to_str().expect("a name"));
    cases.env("PARKD_DATA_DIR", daemon.data_dir().to_str().expect("a name")).env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
    cases.insert_var("[URL]", daemon.url.clone()).expect("a variable");
    let dir = daemon.data_dir().to_str().expect("a name").to_string();
    cases.insert_var("[DATA]", dir).expect("a variable");
    cases.case(format!("tests/live/{story}.trycmd"));
}

#[test]
fn slots_are_as_recorded() {
    recorded("slots");
}

#[test]
fn captures_are_as_recorded() {
    recorded("captures");
}

#[test]
fn lots_cameras_tokens_and_status_are_as_recorded() {
    recorded("nouns");
}

#[test]
fn firmware_is_as_recorded() {
    recorded("firmware");
}

#[test]
fn sessions_and_events_are_as_recorded() {
    recorded("history");
}

fn watch(daemon: &Daemon, line: &str) -> Following {
    let mut watch = Following::start(parkctl(daemon.data_dir()).args(args(line)));
    watch.says("watching ");
    watch
}

/// Code, state before and state after of a line of `slot watch -o json`.
fn change(line: &str) -> (String, String, String) {
    let change: Value = serde_json::from_str(line).expect("a JSON line");
    let text = |value: &Value| value.as_str().unwrap_or("-").to_string();
    (text(&change["data"]["slot"]["code"]), text(&change["was"]), text(&change["data"]["slot"]["state"]))
}

fn is(code: &str, was: &str, state: &str) -> (String, String, String) {
    (code.into(), was.into(), state.into())
}

fn done(daemon: &Daemon, line: &str) {
    let run = daemon.ask(line);
    assert_eq!(run.code, Some(0), "{line}: {run:?}\n{}", daemon.log());
}

#[test]
fn a_watch_prints_each_change_when_it_happens() {
    let daemon = Daemon::with_slots();
    let mut all = watch(&daemon, "slot watch -o json");
    let mut one = watch(&daemon, "slot watch A-02 --count 2 -o jsonl");
    done(&daemon, "slot toggle A-01");
    assert_eq!(change(&all.line()), is("A-01", "free", "occupied"));
    done(&daemon, "slot toggle A-02");
    done(&daemon, "slot set A-02 --state closed --note wet");
    for state in [("occupied", "free"), ("free", "closed")] {
        assert_eq!(change(&all.line()), is("A-02", state.0, state.1));
        assert_eq!(change(&one.line()), is("A-02", state.0, state.1));
    }
    assert_eq!(one.end(), (Vec::new(), Some(0)));
    let again = daemon.ask("slot watch A-02 --after 0 --count 3 -o jsonl");
    assert_eq!((again.code, again.out.lines().count()), (Some(0), 3), "created and changed twice: {again:?}");
    all.interrupt();
    assert_eq!(all.end(), (Vec::new(), Some(130)));
}

#[test]
fn a_watch_survives_the_daemon_and_misses_nothing() {
    let mut daemon = Daemon::with_slots();
    let mut watch = watch(&daemon, "slot watch -o json");
    for round in 0..3 {
        daemon.kill();
        watch.says("offline: ");
        daemon.restart();
        let (was, state) = if round % 2 == 0 { ("free", "occupied") } else { ("occupied", "free") };
        done(&daemon, "slot toggle A-01");
        assert_eq!(change(&watch.line()), is("A-01", was, state));
        let told = watch.says("live again after ");
        assert!(told.ends_with(": resumed, nothing was missed"), "{told}");
    }
}

#[test]
fn a_watch_catches_up_with_a_daemon_that_was_restored_from_an_older_copy() {
    let mut daemon = Daemon::with_slots();
    daemon.kill();
    let copy = tempfile::tempdir().expect("a folder");
    copy_files(daemon.data_dir(), copy.path());
    daemon.restart();

    let mut watch = watch(&daemon, "slot watch -o json");
    done(&daemon, "slot set A-01 A-02 --state closed");
    assert_eq!(change(&watch.line()), is("A-01", "free", "closed"));
    assert_eq!(change(&watch.line()), is("A-02", "occupied", "closed"));

    daemon.kill();
    for entry in std::fs::read_dir(daemon.data_dir()).expect("readable").map_while(Result::ok) {
        if entry.path().is_file() {
            std::fs::remove_file(entry.path()).expect("removed");
        }
    }
    copy_files(copy.path(), daemon.data_dir());
    daemon.restart();
    for expected in [is("A-01", "closed", "free"), is("A-02", "closed", "occupied")] {
        let line = watch.line();
        assert_eq!(change(&line), expected);
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON")["via"], "snapshot");
    }
    watch.says("live again after ");
}

fn copy_files(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("readable").map_while(Result::ok) {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

#[test]
fn a_watch_ends_by_count_by_time_or_because_nobody_reads() {
    let daemon = Daemon::with_slots();
    let timed = daemon.ask("slot watch --for 0.2 -o json");
    assert_eq!((timed.code, timed.out.as_str()), (Some(0), ""), "{timed:?}");
    assert_eq!(daemon.ask("slot watch --for 0.2 -o csv").out.lines().count(), 1);
    let short = daemon.ask("slot watch --count 1 --for 0.2 -o json");
    assert_eq!(short.code, Some(7), "{short:?}");

    let mut unread = parkctl(daemon.data_dir());
    let mut unread =
        unread.args(args("slot watch -o json")).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("runs");
    drop(unread.stdout.take());
    while unread.try_wait().expect("it can be asked").is_none() {
        done(&daemon, "slot toggle A-01");
    }
    assert_eq!(unread.wait().expect("it ends").code(), Some(0));
}

#[test]
fn a_watch_of_a_slot_that_is_not_there_is_refused() {
    let daemon = Daemon::with_slots();
    let run = daemon.ask("slot watch A-01 Z-9 -o json");
    assert_eq!((run.code, run.out.as_str()), (Some(3), ""), "{run:?}");
    assert_eq!(run.error()["code"], "slot_not_found");
}

#[test]
fn a_tail_shows_the_past_and_then_each_event_once() {
    let mut daemon = Daemon::with_slots();
    let mut tail = Following::start(parkctl(daemon.data_dir()).args(args("event tail -n 3 --slot A-01 -o json")));
    let seq = |line: &str| serde_json::from_str::<Value>(line).expect("a JSON line")["seq"].as_u64().expect("a number");
    let mut seen = vec![seq(&tail.line())];
    tail.says("following lot main ");
    for _ in 0..2 {
        done(&daemon, "slot toggle A-01");
        done(&daemon, "slot set A-02 --state free");
        seen.push(seq(&tail.line()));
        daemon.kill();
        tail.says("offline: ");
        daemon.restart();
        tail.says("live again after ");
    }
    done(&daemon, "slot toggle A-01");
    seen.push(seq(&tail.line()));
    let listed = daemon.ask("event list --slot A-01 -o jsonl");
    assert_eq!(listed.out.lines().map(seq).collect::<Vec<_>>(), seen);
}

#[test]
fn a_tail_that_begins_further_back_than_the_line_tells_reads_the_log() {
    let daemon = Daemon::start();
    let file = daemon.data_dir().join("plan.csv");
    let codes: String = (0..MORE_THAN_THE_LINE_KEEPS).map(|n| format!("\nA-{n}")).collect();
    std::fs::write(&file, format!("code{codes}\n")).expect("written");
    done(&daemon, &format!("slot import {}", file.display()));
    let head = daemon.ask("event list --limit 1 -o jsonl");
    let seq = |line: &str| serde_json::from_str::<Value>(line).expect("a JSON line")["seq"].as_u64().expect("a number");
    let head = seq(&head.out);
    let all = daemon.ask(&format!("event tail --after 0 --count {head} -o jsonl"));
    assert!(all.err.contains("the line begins anew: too many events"), "{}", all.err);
    assert_eq!((all.code, all.out.lines().map(seq).collect::<Vec<_>>()), (Some(0), (1..=head).collect()));
}

/// A client that is further behind is told how it is instead of what happened.
const MORE_THAN_THE_LINE_KEEPS: u64 = 5_010;

#[test]
fn the_daemon_refuses_with_the_exit_code_of_the_reason() {
    let mut daemon = Daemon::with_slots();
    for (line, code, exit) in [
        ("slot get Z-9", "slot_not_found", 3),
        ("slot list --lot nowhere", "lot_not_found", 3),
        ("capture get latest", "capture_not_found", 3),
        ("camera get cam-9", "camera_not_found", 3),
        ("session get 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12", "session_not_found", 3),
        ("token revoke nobody --yes", "token_not_found", 3),
        ("slot toggle B-01", "toggle_refused", 5),
        ("slot toggle A-01 --expect occupied", "unexpected_state", 5),
        ("slot set A-01 --state free --if-match 1", "rev_stale", 5),
        ("slot create A-01", "already_exists", 5),
        ("lot create main", "already_exists", 5),
        ("lot delete main --yes", "lot_protected", 5),
    ] {
        let run = daemon.ask(&format!("-o json {line}"));
        assert_eq!((run.code, run.out.as_str()), (Some(exit), ""), "{line}: {run:?}");
        assert_eq!(run.error()["code"], code, "{line}");
        assert!(!run.error()["message"].as_str().expect("a message").is_empty());
    }
    daemon.kill();
    assert_eq!(daemon.ask("slot list").code, Some(6));
    assert_eq!(daemon.ask("slot watch").code, Some(6));
}

#[test]
fn a_token_that_is_missing_wrong_weak_or_revoked_is_exit_code_4() {
    let daemon = Daemon::with_slots();
    let nowhere = tempfile::tempdir().expect("a folder");
    let as_nobody = |line: &str| run(parkctl(nowhere.path()).args(args(line)).env("PARKCTL_SERVER", &daemon.url));
    for line in ["slot list", "slot toggle A-01", "token list", "slot watch", "event tail", "status"] {
        let run = as_nobody(&format!("{line} -o json"));
        assert_eq!(run.code, Some(4), "{line}: {run:?}");
        assert_eq!(run.error()["code"], "unauthenticated", "{line}");
    }
    assert_eq!(run(parkctl(daemon.data_dir()).args(["slot", "list"]).env("PARKCTL_TOKEN", "wrong")).code, Some(4));

    let file = nowhere.path().join("display.token");
    let created =
        run(parkctl(daemon.data_dir()).args(args("token create display --role viewer -o json --save")).arg(&file));
    assert_eq!(created.code, Some(0), "{created:?}");
    let secret = std::fs::read_to_string(&file).expect("saved");
    assert!(!created.out.contains(secret.trim()));
    let as_display = |line: &str| {
        run(parkctl(nowhere.path())
            .args(args(line))
            .env("PARKCTL_SERVER", &daemon.url)
            .env("PARKCTL_TOKEN_FILE", &file))
    };
    assert_eq!(as_display("slot list").code, Some(0));
    let refused = as_display("slot toggle A-01 -o json");
    assert_eq!((refused.code, &refused.error()["code"]), (Some(4), &Value::from("forbidden")));

    let id = serde_json::from_str::<Value>(&created.out).expect("JSON")["id"].as_str().expect("an id").to_string();
    done(&daemon, &format!("token revoke {id} --yes"));
    assert_eq!(as_display("slot list").code, Some(4));
}

#[test]
fn what_a_list_prints_is_read_in_again_without_a_change() {
    let daemon = Daemon::with_slots();
    for format in ["csv", "json"] {
        let list = daemon.ask(&format!("slot list -o {format}"));
        let file = daemon.data_dir().join(format!("slots.{format}"));
        std::fs::write(&file, &list.out).expect("written");
        let again = daemon.ask(&format!("slot import {} -o json", file.display()));
        assert_eq!(again.code, Some(0), "{again:?}");
        let imported: Value = serde_json::from_str(&again.out).expect("JSON");
        assert_eq!((&imported["unchanged"], &imported["created"]), (&Value::from(5), &Value::from(0)), "{format}");
    }
}
