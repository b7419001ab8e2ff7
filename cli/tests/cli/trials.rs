//! `--dry-run`: the daemon says what would come of it, and nothing does.

use std::collections::BTreeSet;

use clap::{Command, CommandFactory};
use parkctl::args::Cli;
use serde_json::Value;

use crate::daemon::Daemon;
use crate::help::commands;

/// Commands that change something at the daemon, as `slot set`.
fn changers() -> BTreeSet<String> {
    fn walk(path: &str, command: &Command, found: &mut BTreeSet<String>) {
        for command in command.get_subcommands() {
            let path = format!("{path} {}", command.get_name()).trim().to_string();
            if command.get_arguments().any(|arg| arg.get_long() == Some("dry-run")) {
                found.insert(path.clone());
            }
            walk(&path, command, found);
        }
    }
    let mut found = BTreeSet::new();
    walk("", &Cli::command(), &mut found);
    found
}

/// Of these a device on a cable is a part; their tests are with those of the cable.
const ON_CABLE: [&str; 3] = ["camera provision", "camera claim", "camera wifi"];

fn everything(daemon: &Daemon) -> Vec<String> {
    let lists = ["lot", "slot", "camera", "session", "capture", "firmware", "event"];
    let mut all: Vec<String> = lists
        .map(|noun| {
            daemon
                .ask(
                    &format!("{noun} list -o json --lot main")
                        .replace("lot list -o json --lot main", "lot list -o json"),
                )
                .out
        })
        .into();
    all.push(daemon.ask("camera regions get cam-1 -o json").out);
    let tokens: Value = serde_json::from_str(&daemon.ask("token list -o json").out).expect("JSON");
    all.extend(tokens.as_array().expect("rows").iter().map(|token| format!("{} {}", token["id"], token["revoked_at"])));
    all
}

#[test]
fn every_change_can_be_tried_and_changes_nothing() {
    let daemon = Daemon::with_slots();
    let picture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/captures.in/bays.jpg");
    let plan = daemon.data_dir().join("plan.csv");
    std::fs::write(&plan, "code,zone\nA-01,South\nC-09,South\n").expect("written");
    for line in
        ["camera create cam-1", "lot create annex", "token create desk --role viewer", "session entry --ticket T-1"]
    {
        assert_eq!(daemon.ask(line).code, Some(0), "{line}");
    }
    let regions = daemon.data_dir().join("regions.json");
    std::fs::write(&regions, r#"[{"slot": "A-01", "polygon": [[0.1, 0.1], [0.4, 0.1], [0.4, 0.5]]}]"#)
        .expect("written");
    assert_eq!(daemon.ask(&format!("camera regions set cam-1 {}", regions.display())).code, Some(0));
    let capture = daemon.ask(&format!("capture upload {picture} -o json"));
    let capture: Value = serde_json::from_str(&capture.out).expect("JSON");
    let capture = capture[0]["id"].as_str().expect("an id").to_string();
    let image = signed(&daemon, "0.3.0");
    assert_eq!(daemon.ask(&format!("firmware add {}", signed(&daemon, "0.2.0"))).code, Some(0));
    let before = everything(&daemon);
    let lines = [
        "slot create C-01 --zone North".to_string(),
        "slot set A-01 A-02 --state closed".into(),
        "slot toggle A-01".into(),
        "slot edit A-01 --note wet".into(),
        "slot delete A-01 A-02".into(),
        format!("slot import {}", plan.display()),
        "lot create north".into(),
        "lot edit main --name Town".into(),
        "lot delete annex".into(),
        "camera create cam-2".into(),
        "camera edit cam-1 --name Gate".into(),
        "camera health cam-1 --rssi -60".into(),
        "camera rotate-token cam-1".into(),
        "camera shoot cam-1".into(),
        format!("camera regions set cam-1 {}", regions.display()),
        "camera occupancy cam-1 auto".into(),
        "camera calibrate cam-1 --free A-01..B-01".into(),
        "camera delete cam-1".into(),
        "session entry --ticket T-2".into(),
        "session exit --ticket T-1".into(),
        format!("capture upload {picture}"),
        format!("capture pin {capture} {capture}"),
        format!("capture unpin {capture}"),
        format!("capture delete {capture}"),
        format!("firmware add {image}"),
        "firmware roll-out 0.2.0".into(),
        "firmware withdraw 0.2.0".into(),
        "token create two --role viewer".into(),
        "token revoke desk".into(),
    ];
    let lines = lines.map(|line| match line.as_str() {
        "token revoke desk" => format!("token revoke {}", token_named(&daemon, "desk")),
        _ => line,
    });
    for line in &lines {
        let tried = daemon.ask(&format!("{line} --dry-run -o json"));
        assert_eq!((tried.code, tried.err.as_str()), (Some(0), "dry run: nothing was changed\n"), "{line}: {tried:?}");
        serde_json::from_str::<Value>(&tried.out).expect(line);
        assert!(!tried.out.contains("\"token\": \"pk_"), "{line}: no secret is shown that opens nothing");
    }
    assert_eq!(everything(&daemon), before);
    let all: BTreeSet<String> = changers().into_iter().filter(|path| !ON_CABLE.contains(&path.as_str())).collect();
    let is_tried = |path: &&String| lines.iter().any(|line| line.starts_with(&format!("{path} ")));
    let tried: BTreeSet<String> = all.iter().filter(is_tried).cloned().collect();
    assert_eq!(tried, all, "every command that takes --dry-run is tried here");
}

/// An image of this version, signed by a key of its own.
fn signed(daemon: &Daemon, version: &str) -> String {
    let image = daemon.data_dir().join(format!("{version}.bin")).display().to_string();
    std::fs::write(&image, version).expect("written");
    for line in [
        format!("firmware keygen {image}.key"),
        format!("firmware sign {image} --key {image}.key --board aithinker --version {version}"),
    ] {
        assert_eq!(daemon.ask(&line).code, Some(0), "{line}");
    }
    image
}

fn token_named(daemon: &Daemon, name: &str) -> String {
    let tokens: Value = serde_json::from_str(&daemon.ask("token list -o json").out).expect("JSON");
    let token = tokens.as_array().expect("rows").iter().find(|token| token["name"] == name).expect("it is there");
    token["id"].as_str().expect("an id").to_string()
}

#[test]
fn every_command_that_sends_a_change_takes_it() {
    // Verbs that change nothing at the daemon.
    let reads = [
        "list", "get", "watch", "tail", "export", "history", "why", "stats", "doctor", "explain", "identify", "scan",
        "monitor", "preview", "status", "views",
    ];
    // What is done to a device on a cable, to the files of this person, or to nobody.
    let others = ["context add", "context use", "context rename", "context remove", "firmware keygen", "firmware sign"];
    let with = changers();
    for (path, verb) in commands().iter().filter(|(path, verb)| path.contains(' ') && !verb.has_subcommands()) {
        let is_exempt = reads.contains(&verb.get_name()) || others.contains(&path.as_str()) || verb.is_hide_set();
        assert!(is_exempt || with.contains(path), "{path} has no --dry-run");
    }
}

#[test]
fn a_trial_is_refused_as_the_change_would_be() {
    let daemon = Daemon::with_slots();
    for (line, exit, code) in [
        ("slot create A-01", 5, "already_exists"),
        ("slot toggle B-01", 5, "toggle_refused"),
        ("slot set A-01 --state free --if-match 1", 5, "rev_stale"),
        ("slot delete Z-9", 3, "slot_not_found"),
        ("lot delete main", 5, "lot_protected"),
        ("session exit --plate X", 3, "ticket_unknown"),
    ] {
        let tried = daemon.ask(&format!("{line} --dry-run -o json"));
        assert_eq!((tried.code, tried.error()["code"].as_str()), (Some(exit), Some(code)), "{line}: {tried:?}");
    }
}

#[test]
fn a_rehearsed_import_shows_each_field_that_would_change() {
    let daemon = Daemon::with_slots();
    let plan = daemon.data_dir().join("plan.csv");
    let export = daemon.ask("slot export");
    assert_eq!(export.code, Some(0));
    let edited: String = export
        .out
        .lines()
        .map(|line| {
            if line.starts_with("A-01,") { "A-01,South,-1,standard,closed,,,wet\n".into() } else { format!("{line}\n") }
        })
        .collect();
    std::fs::write(&plan, edited + "C-09,,,,,,,\n").expect("written");
    let tried = daemon.ask(&format!("slot import {} --dry-run", plan.display()));
    assert_eq!(tried.code, Some(0), "{tried:?}");
    let told: Vec<&str> = tried.out.lines().collect();
    assert_eq!(told[0], "created  C-09");
    assert!(told[1].starts_with("updated  A-01  zone ") && told[1].contains(" → South"), "{told:?}");
    assert!(told[1].contains("level 0 → -1") && told[1].contains("note – → wet"), "{told:?}");
    assert!(tried.err.ends_with("1 would be created, 1 would be updated, 4 unchanged\n"), "{}", tried.err);
    let json = daemon.ask(&format!("slot import {} --dry-run -o json", plan.display()));
    let json: Value = serde_json::from_str(&json.out).expect("JSON");
    assert!(
        json["changes"].as_array().is_some_and(|changes| changes.iter().any(|one| one["field"] == "note")),
        "{json}"
    );
}
