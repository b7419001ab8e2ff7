//! Every example that a help text prints, typed into a real shell against a real daemon.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::CommandFactory;
use parkctl::args::Cli;
use serde_json::{Value, json};

use crate::cable::{Cable, Fault, Flash, PASSWORD, SSID};
use crate::daemon::Daemon;
use crate::help::{commands, examples};
use crate::run::{Run, parkctl, run};

/// What the examples call a thing that here has another id.
const ANY_ID: &str = "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12";

/// Examples that end as they should and not with 0, and why.
const OTHERWISE: [(&str, i32, &str); 13] = [
    ("parkctl slot delete A-12 --if-match 4181 --yes", 5, "the slot is at another rev"),
    ("parkctl event list --after 4181 --limit 1000 -o jsonl", 1, "the log is shorter here"),
    ("parkctl camera doctor cam-1", 1, "it has sent no picture"),
    ("parkctl camera doctor cam-1 -o json", 1, "it has sent no picture"),
    ("parkctl camera rotate-token cam-3 --save cam-3.token", 2, "it asks, and nobody is there to answer"),
    ("parkctl lot delete north", 2, "it asks, and nobody is there to answer"),
    ("parkctl firmware withdraw 0.2.0", 2, "it asks, and nobody is there to answer"),
    ("parkctl camera delete cam-1", 2, "it asks, and nobody is there to answer"),
    ("parkctl token revoke 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12", 2, "it asks, and nobody is there to answer"),
    ("parkctl slot set A-12 --state free --if-match 4181", 5, "the slot is at another rev"),
    ("parkctl slot toggle A-12 --expect occupied", 5, "it is free"),
    ("parkctl wait --for 'free>0 in zone B' --timeout 30s", 10, "no slot of that zone is free"),
    ("parkctl wait --for 'camera cam-1 is online' --timeout 5m -o json", 10, "nothing was heard of it for long"),
];

/// Examples about a device on a cable.
const ON_CABLE: [&str; 7] = [
    "parkctl camera provision",
    "parkctl camera identify",
    "parkctl camera scan",
    "parkctl camera wifi",
    "parkctl camera claim",
    "parkctl camera monitor",
    "parkctl camera rotate-token cam-3 --cable",
];

/// A device for an example that is about one: fresh for `provision`, else in a network.
fn plug(example: &str) -> Option<Cable> {
    let is_fresh = example.contains("provision");
    let wifi = (!is_fresh).then(|| (SSID.to_string(), PASSWORD.to_string()));
    let is_about_one = ON_CABLE.iter().any(|start| example.starts_with(start));
    is_about_one.then(|| Cable::with(Fault::None, Flash { wifi, claim: None }, "a4:cf:12:00:00:01"))
}

/// Puts into place what the examples speak of, whatever the ones before have done to it; the id of a capture.
fn stage(daemon: &Daemon, folder: &Path, example: &str) -> String {
    let picture =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/captures.in/bays.jpg")).expect("there");
    for dir in ["morning", ".local/share/bash-completion/completions", ".zfunc", ".config/fish/completions"] {
        std::fs::create_dir_all(folder.join(dir)).expect("made");
    }
    for name in ["gate.jpg", "morning/1.jpg"] {
        std::fs::write(folder.join(name), &picture).expect("written");
    }
    let plan = "code,zone,state\nA-01,North,free\nA-02,North,free\nA-03,North,free\nA-12,North,free\nA-13,North,free\nB-01,B,occupied\n";
    std::fs::write(folder.join("slots.csv"), plan).expect("written");
    for (name, text) in [("desk.token", "pk_desk\n"), ("wifi.txt", PASSWORD), ("cameras.csv", "id,zone\ncam-3,B\n")] {
        std::fs::write(folder.join(name), text).expect("written");
    }
    let creates = example.contains(" create ") || example.contains(" entry ");
    let words: Vec<&str> = example.split(' ').collect();
    for line in [
        format!("slot import {}", folder.join("slots.csv").display()),
        "slot set A-12 --state free".into(),
        "lot create north".into(),
        "lot create south".into(),
        "camera create cam-1".into(),
        "camera create cam-3".into(),
        "session entry --ticket T-4711".into(),
    ] {
        // It may be there already.
        let run = daemon.ask(&line);
        assert!(matches!(run.code, Some(0 | 5)), "{line}: {run:?}");
    }
    if example.contains("provision") {
        // It is new, or it would be at work: a picture of it came just now.
        daemon.ask("camera delete cam-3 --yes");
    }
    if creates {
        // What is created must not be there; whatever was not there before is not there now either.
        daemon.ask(&format!("{} delete {} --yes", words[1], words[3]));
        daemon.ask("session exit --ticket T-4711");
    }
    if example.contains("--context north") || example.starts_with("parkctl context") && !example.contains(" add ") {
        let token = daemon.data_dir().join("admin.token");
        let mut add = parkctl(daemon.data_dir());
        add.args(["context", "add", "north", "--server", &daemon.url, "--token-file"]).arg(token).env("HOME", folder);
        assert_eq!(run(&mut add).code, Some(0));
    }
    if example.starts_with("parkctl firmware") {
        stage_firmware(daemon, folder, example);
    }
    let camera = if example.contains("provision") { "" } else { "--camera cam-3 " };
    let upload = daemon.ask(&format!("capture upload {camera}-o json {}", folder.join("gate.jpg").display()));
    if ["camera regions", "camera occupancy", "camera calibrate"].iter().any(|verb| example.contains(verb)) {
        let region = |at: usize, slot: &str| {
            let (left, right) = (at as f64 * 0.3, at as f64 * 0.3 + 0.25);
            json!({ "slot": slot, "polygon": [[left, 0.1], [right, 0.1], [right, 0.6], [left, 0.6]] })
        };
        let regions: Vec<Value> =
            ["A-01", "A-02", "A-03"].into_iter().enumerate().map(|(at, slot)| region(at, slot)).collect();
        let file = folder.join("regions.json");
        std::fs::write(&file, json!(regions).to_string()).expect("written");
        let set = daemon.ask(&format!("camera regions set cam-1 {}", file.display()));
        assert_eq!(set.code, Some(0), "{set:?}");
    }
    let upload = if (example.contains("--camera cam-1") || example.contains("preview")) && !creates {
        daemon.ask(&format!("capture upload --camera cam-1 -o json {}", folder.join("gate.jpg").display()))
    } else {
        upload
    };
    let capture: Value = serde_json::from_str(&upload.out).expect("JSON");
    capture[0]["id"].as_str().expect("an id").to_string()
}

/// An image with its signature, and at the daemon too, where it is not brought there by the example.
fn stage_firmware(daemon: &Daemon, folder: &Path, example: &str) {
    std::fs::write(folder.join("camera.bin"), "an image").expect("written");
    let at = |name: &str| folder.join(name).display().to_string();
    let (key, image) = (at("firmware.key"), at("camera.bin"));
    let sign = format!("firmware sign {image} --key {key} --board aithinker --version 0.2.0");
    if !example.contains("keygen") {
        for line in [format!("firmware keygen {key}"), sign] {
            assert_eq!(daemon.ask(&line).code, Some(0), "{line}");
        }
    }
    let line = if example.contains(" add ") {
        "firmware withdraw 0.2.0 --yes".into()
    } else {
        format!("firmware add {image}")
    };
    // It may be there already, or not.
    daemon.ask(&line);
}

/// As a person types it, in a folder of its own.
fn type_in(daemon: &Daemon, folder: &Path, line: &str, cable: Option<&Cable>) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_parkctl")).parent().expect("a folder").display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").expect("a path"));
    let mut shell = Command::new("bash");
    shell.args(["-c", line]).current_dir(folder).env_clear().env("PATH", path).env("HOME", folder);
    shell.env("PARKD_DATA_DIR", daemon.data_dir()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    if let Some(cable) = cable {
        shell.env("PARKCTL_PORT", &cable.path).env("PARKCTL_WIFI_PASSWORD", PASSWORD);
        shell.env("PARKCTL_CAMERA_URL", &daemon.url);
    }
    run(&mut shell)
}

/// What an example becomes where it would follow for ever or where its thing has another id.
fn bounded(line: &str, capture: &str, cable: Option<&Cable>) -> String {
    let line = line.replace(ANY_ID, capture);
    let line = match cable {
        // Its port and the daemon's address are others here, and a monitor has no end.
        Some(cable) => line
            .replace("/dev/ttyUSB1", &cable.path)
            .replace(" --camera-url http://192.0.2.10:8080", "")
            .replace("camera monitor", "camera monitor --count 1"),
        None => line,
    };
    let follows = ["slot watch", "event tail", "capture watch"].iter().any(|verb| line.contains(verb));
    match follows {
        true if line.contains("--for ") || line.contains("--count ") => {
            let words = line.split(' ').collect::<Vec<_>>();
            let at = words.iter().position(|word| matches!(*word, "--for" | "--count")).expect("it is there");
            [&words[..at], &["--for", "0.3"], &words[at + 2..]].concat().join(" ")
        }
        true => format!("{line} --for 0.3"),
        false if line.contains("wait --for") => line.replace("--timeout 30s", "--timeout 0.3").replace("5m", "0.3"),
        false => line,
    }
}

#[test]
fn every_example_does_what_it_says() {
    let mut of_noun: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let all = commands().into_iter().chain([(String::new(), Cli::command())]);
    for (path, command) in all {
        let noun = path.split(' ').next().unwrap_or_default().to_string();
        of_noun.entry(noun).or_default().extend(examples(&command));
    }
    let (mut typed, mut otherwise) = (0, Vec::new());
    for examples in of_noun.into_values() {
        let daemon = Daemon::start();
        for example in &examples {
            let folder = tempfile::tempdir().expect("a folder");
            let capture = stage(&daemon, folder.path(), example);
            let cable = plug(example);
            let line = bounded(example, &ids(&daemon, example, &capture), cable.as_ref());
            let run = type_in(&daemon, folder.path(), &line, cable.as_ref());
            let expected = OTHERWISE.iter().find(|(line, ..)| line == example).map_or(0, |(_, code, _)| *code);
            if run.code != Some(expected) {
                otherwise.push(format!("{line}: {expected} was expected of {run:?}"));
            }
            typed += 1;
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    assert!(typed > 60, "only {typed} examples were typed");
}

/// The id that an example means: of the newest session, of a token made for it, or of a capture.
fn ids(daemon: &Daemon, example: &str, capture: &str) -> String {
    let first = |line: &str| {
        let list: Value = serde_json::from_str(&daemon.ask(line).out).expect("JSON");
        list[0]["id"].as_str().or(list["id"].as_str()).expect("an id").to_string()
    };
    if example.starts_with("parkctl session") {
        first("session list -o json")
    } else if example.starts_with("parkctl token") {
        first("token create desk --role viewer -o json")
    } else {
        capture.into()
    }
}

#[test]
fn a_manual_page_is_written_for_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let cargo = Command::new(env!("CARGO"))
        .args(["run", "--quiet", "--package", "parkctl", "--all-features", "--example", "man", "--"])
        .arg(folder.path())
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(cargo.expect("cargo runs").success());
    for (path, command) in commands().iter().filter(|(_, command)| !command.is_hide_set()) {
        let page = folder.path().join(format!("parkctl-{}.1", path.replace(' ', "-")));
        let page = std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        let about = command.get_about().expect("it says what it does").to_string();
        let word = about.split(' ').next().expect("a word").replace('-', "\\-");
        assert!(page.contains(".TH") && page.contains(&word), "{path}: {page}");
    }
}

#[test]
fn the_doctor_finds_what_is_wrong_and_says_what_to_do() {
    let mut daemon = Daemon::with_slots();
    let sound = daemon.ask("doctor -o json");
    assert_eq!(sound.code, Some(0), "{sound:?}");
    let checks: Vec<Value> = serde_json::from_str(&sound.out).expect("JSON");
    let names: Vec<&str> = checks.iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(names, ["settings", "reach", "version", "clock", "ready", "token", "lot", "live"]);
    let nobody = run(parkctl(tempfile::tempdir().expect("a folder").path())
        .args(["doctor", "-o", "json"])
        .env("PARKCTL_SERVER", &daemon.url));
    assert_eq!(nobody.code, Some(4), "{nobody:?}");
    assert_eq!(daemon.ask("doctor --lot nowhere").code, Some(3));
    daemon.kill();
    let gone = daemon.ask("doctor -o json");
    let checks: Vec<Value> = serde_json::from_str(&gone.out).expect("JSON");
    assert_eq!((gone.code, &checks[1]["check"], &checks[1]["status"]), (Some(6), &"reach".into(), &"failed".into()));
    assert!(checks[1]["hint"].as_str().is_some_and(|hint| hint.contains("parkd serve")), "{checks:?}");
}

#[test]
fn the_backup_of_this_machine_is_made_with_the_command_that_is_printed() {
    let daemon = Daemon::with_slots();
    let told = daemon.ask("backup -o json");
    let steps: Vec<Value> = serde_json::from_str(&told.out).expect("JSON");
    let data = format!("--data-dir {}", daemon.data_dir().display());
    assert_eq!(steps[0]["command"], format!("parkd backup create parking-backup {data}"));
    assert_eq!(daemon.ask("whoami -o json").code, Some(0));
}
