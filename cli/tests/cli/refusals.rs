//! Every failure has a code of its own, and every code has a test: those that nothing else brings about are brought about here.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cable::pty;
use crate::run::{args, parkctl, run};
use crate::stub::{Answer, Stub, committed};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

#[test]
fn each_mistake_with_a_file_has_its_code() {
    let home = tempfile::tempdir().expect("a folder");
    let keep = |name: &str, bytes: &[u8]| fs::write(home.path().join(name), bytes).expect("written");
    keep("empty", b"");
    keep("text", b"not a picture");
    keep("odd.json", b"{\"code\": 1}");
    keep("latin1.csv", b"code\nA-\xe4\n");
    keep("bad.json", b"[{\"code\": \"A 1\"}]");
    let sparse = |name: &str, bytes: u64| File::create(home.path().join(name)).and_then(|file| file.set_len(bytes));
    sparse("large", 65 * 1024 * 1024).expect("made");
    sparse("large.jpg", 5 * 1024 * 1024).expect("made");
    let made = run(parkctl(home.path()).current_dir(home.path()).args(args("firmware keygen key")));
    assert_eq!(made.code, Some(0), "{made:?}");
    for (line, exit, code) in [
        ("slot import empty", 1, "file_invalid"),
        ("slot import odd.json", 1, "file_invalid"),
        ("slot import latin1.csv", 1, "file_invalid"),
        ("slot import bad.json", 1, "import_refused"),
        ("slot import large", 1, "file_too_large"),
        ("slot import none", 1, "file_unreadable"),
        ("capture upload empty", 1, "image_empty"),
        ("capture upload text", 1, "image_not_recognised"),
        ("capture upload large.jpg", 1, "body_too_large"),
        ("capture watch --save text/inside", 1, "file_unwritable"),
        ("firmware sign empty --key key --board ai-thinker --version 1.0.0", 1, "image_invalid"),
        ("slot edit A-1", 2, "usage"),
        ("slot set A-1 A-2 --state free --if-match 7", 2, "usage"),
        ("token create cam --role camera", 2, "usage"),
        ("capture get 0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12 --camera cam-1", 2, "usage"),
        ("slot delete A-1", 2, "confirmation_needed"),
    ] {
        let refused = run(parkctl(home.path()).current_dir(home.path()).args(args(&format!("-o json {line}"))));
        assert_eq!((refused.code, refused.error()["code"].as_str()), (Some(exit), Some(code)), "{line}: {refused:?}");
        let error = refused.error();
        assert!(error["message"].as_str().is_some_and(|text| text.len() > 8), "{line}: {error}");
        assert!(error["retryable"].is_boolean(), "{line}: {error}");
    }
}

#[test]
fn a_daemon_that_is_not_ready_is_a_failure_of_status() {
    let readiness = json!({"ready": false, "database": "gone", "objects": "ok"});
    let stub = Stub::new(vec![
        Answer::Json(200, json!({"name": "parkd", "version": "0.1.0", "protocol": 1})),
        Answer::Json(503, readiness),
        Answer::Json(200, json!({"name": "admin", "role": "admin", "expires_at": null})),
        Answer::Json(
            200,
            json!({"seq": 1, "total": 0, "free": 0, "occupied": 0, "reserved": 0, "closed": 0,
            "unknown": 0, "occupancy_rate": null, "zones": []}),
        ),
    ]);
    let home = tempfile::tempdir().expect("a folder");
    let status = run(parkctl(home.path()).args(args("status -o json")).env("PARKCTL_SERVER", &stub.url));
    assert_eq!((status.code, status.error()["code"].as_str()), (Some(1), Some("not_ready")), "{status:?}");
}

#[test]
fn firmware_that_is_not_there_is_not_found() {
    let stub = Stub::new(vec![Answer::Json(200, json!([]))]);
    let home = tempfile::tempdir().expect("a folder");
    let line = args("firmware status 9.9.9 -o json");
    let status = run(parkctl(home.path()).args(line).env("PARKCTL_SERVER", &stub.url));
    assert_eq!((status.code, status.error()["code"].as_str()), (Some(3), Some("firmware_not_found")), "{status:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let home = tempfile::tempdir().expect("a folder");
    let full = || File::options().write(true).open("/dev/full").expect("Linux has one");
    let mut command = parkctl(home.path());
    let child = command.args(args("config explain -o json")).stdout(full()).stderr(std::process::Stdio::piped());
    let output = child.spawn().and_then(std::process::Child::wait_with_output).expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("\"output_failed\""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_machine_that_is_out_of_files_is_told_and_nothing_is_sent() {
    let home = tempfile::tempdir().expect("a folder");
    let mut shell = std::process::Command::new("bash");
    // One more than the three that every program has: enough to start it, and too few for its runtime.
    shell.args(["-c", "ulimit -n 4; exec \"$0\" slot list -o json", env!("CARGO_BIN_EXE_parkctl")]);
    let refused = run(shell.env("PARKD_DATA_DIR", home.path()).env("HOME", home.path()));
    assert_eq!((refused.code, &refused.error()["code"]), (Some(1), &json!("no_runtime")), "{refused:?}");
}

#[test]
fn a_person_who_says_no_has_changed_nothing() {
    let stub = Stub::new(vec![committed("A-1", "free")]);
    let answers: [(&[u8], i32, usize, &str); 4] = [
        (b"n\n", 1, 0, "\"declined\""),
        (b"\n", 1, 0, "\"declined\""),
        // A letter of another encoding.
        (b"\xe4\n", 1, 0, "\"no_answer\""),
        (b"yes\n", 0, 1, "\"A-1\""),
    ];
    for (answer, exit, sent, told) in answers {
        let home = tempfile::tempdir().expect("a folder");
        let (mut end, terminal, _) = pty();
        let copy = || terminal.try_clone().expect("one more");
        let before = stub.seen().len();
        let mut command = parkctl(home.path());
        command.args(args("slot delete A-1 -o json")).env("PARKCTL_SERVER", &stub.url);
        let mut child = command.stdin(copy()).stdout(copy()).stderr(copy()).spawn().expect("it runs");
        let mut text = String::new();
        while !text.contains("[y/N]") {
            let mut bytes = [0; 256];
            let count = end.read(&mut bytes).expect("it asks");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        end.write_all(answer).expect("typed");
        while !text.contains(told) {
            let mut bytes = [0; 256];
            let count = end.read(&mut bytes).expect("it says what came of it");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        assert_eq!(child.wait().expect("it ends").code(), Some(exit), "{answer:?}");
        assert_eq!(stub.seen().len() - before, sent, "{answer:?}: only a yes is one");
    }
}

/// The texts of all files below `folder` whose names end like this.
fn texts(folder: &Path, ends: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("readable").map_while(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(texts(&path, ends));
        } else if ends.iter().any(|end| path.to_string_lossy().ends_with(end)) {
            let text = fs::read_to_string(&path).expect("text");
            found.push((path, text));
        }
    }
    found
}

/// What stands in quotes right behind `before`.
fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

#[test]
fn every_code_that_can_be_reported_is_looked_at_by_a_test() {
    let mut codes = BTreeSet::new();
    let mut tests: String = texts(Path::new(TESTS), &[".rs", ".trycmd"]).into_iter().map(|(_, text)| text).collect();
    for (path, text) in texts(Path::new(SOURCES), &[".rs"]) {
        let is_test = path.ends_with("tests.rs");
        let (source, inner) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        tests.push_str(if is_test { &text } else { inner });
        if !is_test {
            let exits = parkctl::exit::Exit::ALL.iter().map(|exit| format!("Exit::{exit:?},"));
            for before in exits.chain(["Error::failed(".into()]) {
                codes.extend(quoted(source, &before).map(String::from));
            }
        }
    }
    // Where a code comes out of a table, and the error is made of it elsewhere.
    for (file, function) in
        [("serial/trouble.rs", "fn words"), ("cameras/claim.rs", "fn unreached"), ("cameras/wifi.rs", "fn not_joined")]
    {
        let text = fs::read_to_string(Path::new(SOURCES).join(file)).expect("there");
        let (_, rest) = text.split_once(function).unwrap_or_else(|| panic!("{file} has {function}"));
        let table = rest.split("\n}\n").next().unwrap_or_default();
        let is_code = |word: &&str| word.contains('_') && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        codes.extend(table.split('"').filter(is_code).map(String::from));
    }
    for code in ["port_denied", "device_stuck", "camera_unknown", "daemon_odd", "wifi_weak"] {
        assert!(codes.contains(code), "{code} is seen by this test: {codes:?}");
    }
    let untested: Vec<&String> = codes
        .iter()
        .filter(|code| !tests.contains(&format!("\"{code}\"")) && !tests.contains(&format!("\\\"{code}\\\"")))
        .collect();
    assert_eq!(untested, Vec::<&String>::new());
}

#[test]
fn every_exit_code_is_looked_at_by_a_test() {
    let tests: String = texts(Path::new(TESTS), &[".rs", ".trycmd"]).into_iter().map(|(_, text)| text).collect();
    for exit in parkctl::exit::Exit::ALL {
        let code = exit.code();
        let is_asserted = tests.contains(&format!("Some({code})")) || tests.contains(&format!("\n? {code}\n"));
        let in_table = tests.contains(&format!(", {code}, \"")) || tests.contains(&format!(", {code}),"));
        assert!(is_asserted || in_table, "exit code {code} is asserted nowhere");
    }
}
