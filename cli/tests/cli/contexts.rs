//! Contexts: what is kept, what of it is used, and what never leaves its file.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::run::{Run, args, parkctl, run};
use crate::stub::{Answer, Stub};

const SECRET: &str = "pk_hunter2";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn ask(home: &TempDir, line: &str) -> Run {
    run(parkctl(home.path()).args(args(line)))
}

fn done(home: &TempDir, line: &str) -> Run {
    let run = ask(home, line);
    assert_eq!(run.code, Some(0), "{line}: {run:?}");
    run
}

/// Adds a context whose token comes in through a pipe.
fn add(home: &TempDir, line: &str) -> Run {
    let mut child = parkctl(home.path())
        .args(args(line))
        .args(["--token-file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    child.stdin.take().expect("a pipe").write_all(format!("{SECRET}\n").as_bytes()).expect("it reads");
    child.wait_with_output().map(Run::from).expect("it ends")
}

fn rows(home: &TempDir) -> Vec<(String, bool, bool)> {
    let list = done(home, "context list -o json");
    let rows: Value = serde_json::from_str(&list.out).expect("JSON");
    let row = |row: &Value| {
        let is = |field: &str| row[field].as_bool().expect("a fact");
        (row["name"].as_str().expect("a name").to_string(), is("current"), is("token"))
    };
    rows.as_array().expect("rows").iter().map(row).collect()
}

#[test]
fn a_context_is_used_with_its_token_and_its_lot_until_it_is_forgotten() {
    let home = folder();
    let north = Stub::new(vec![Answer::Json(200, json!([]))]);
    let added = add(&home, &format!("context add north --server {} --lot upper --use", north.url));
    assert_eq!((added.code, added.out.as_str()), (Some(0), ""), "{added:?}");
    assert_eq!(rows(&home), [("local".into(), false, false), ("north".into(), true, true)]);

    done(&home, "slot list");
    assert_eq!(north.seen()[0].line, "GET /api/slots?lot=upper");
    assert_eq!(north.seen()[0].headers["authorization"], format!("Bearer {SECRET}"));

    done(&home, "context rename north n");
    done(&home, "context use local");
    assert_eq!(rows(&home), [("local".into(), true, false), ("n".into(), false, true)]);
    done(&home, "slot list --context n");
    assert_eq!(north.seen()[1].headers["authorization"], format!("Bearer {SECRET}"));

    done(&home, "context remove n --yes");
    assert_eq!(rows(&home), [("local".into(), true, false)]);
    let files = std::fs::read_dir(home.path().join(".config/parkctl")).expect("a folder");
    for file in files.map_while(Result::ok) {
        assert!(!std::fs::read_to_string(file.path()).expect("text").contains(SECRET));
    }
}

#[test]
fn every_setting_is_explained_and_the_token_is_not_shown() {
    let home = folder();
    add(&home, "context add north --server https://parking.example --lot upper");
    let explained = |line: &str, vars: &[(&str, &str)]| {
        let run = run(parkctl(home.path()).args(args(line)).envs(vars.iter().copied()));
        assert_eq!(run.code, Some(0), "{run:?}");
        assert!(!format!("{run:?}").contains(SECRET));
        let rows: Vec<Value> = serde_json::from_str(&run.out).expect("JSON");
        let text = |row: &Value, field: &str| row[field].as_str().unwrap_or("-").to_string();
        move |name: &str| {
            let row = rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no {name}"));
            (text(row, "value"), text(row, "from"))
        }
    };
    let is = |value: &str, from: &str| (value.to_string(), from.to_string());
    let of = explained("config explain -o json --context north --timeout 2", &[("PARKCTL_LOT", "lower")]);
    assert_eq!(of("context"), is("north", "--context"));
    assert_eq!(of("server"), is("https://parking.example", "context north"));
    assert_eq!(of("token"), is("(not shown)", "context north"));
    assert_eq!(of("lot"), is("upper", "context north"));
    assert_eq!(of("timeout"), is("2 s", "--timeout"));
    let of =
        explained("config explain -o json", &[("PARKCTL_SERVER", "http://host:1"), ("PARKCTL_CA_FILE", "/ca.pem")]);
    assert_eq!(of("server"), is("http://host:1", "PARKCTL_SERVER"));
    assert_eq!(of("token"), is("-", "nowhere"));
    assert_eq!(of("ca_file"), is("/ca.pem", "PARKCTL_CA_FILE"));
    assert_eq!(of("lot"), is("main", "the default"));
}

#[test]
fn what_cannot_be_kept_or_found_says_why() {
    let home = folder();
    done(&home, "context add north --server https://parking.example");
    for (line, exit, code) in [
        ("context add north --server https://parking.example", 5, "already_exists"),
        ("context rename north north", 5, "already_exists"),
        ("context add south", 2, "usage"),
        ("context add south --server parking.example", 2, "usage"),
        ("context add local --server https://parking.example", 2, "usage"),
        ("context add -o-x --server https://parking.example", 2, "usage"),
        ("context add south --server https://parking.example --token-file none", 1, "file_unreadable"),
        ("context add south --server https://parking.example --ca-file none", 1, "file_unreadable"),
        ("context use south", 3, "context_not_found"),
        ("context rename south west", 3, "context_not_found"),
        ("context remove south --yes", 3, "context_not_found"),
        ("context remove north", 2, "confirmation_needed"),
        ("slot list --context south", 2, "usage"),
    ] {
        let run = ask(&home, &format!("-o json {line}"));
        assert_eq!((run.code, run.out.as_str()), (Some(exit), ""), "{line}: {run:?}");
        assert_eq!(run.error()["code"], code, "{line}");
    }
    done(&home, "context add north --server https://other.example --replace");
    assert_eq!(rows(&home).len(), 2);
}

#[cfg(unix)]
#[test]
fn a_file_of_tokens_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let home = folder();
    add(&home, "context add north --server http://127.0.0.1:1 --use");
    let tokens = home.path().join(".config/parkctl/tokens.json");
    assert_eq!(std::fs::metadata(&tokens).expect("there").permissions().mode() & 0o777, 0o600);
    std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o640)).expect("changed");
    let refused = ask(&home, "slot list");
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("chmod 600") && !refused.err.contains(SECRET), "{}", refused.err);
}

#[test]
fn a_variable_that_counts_before_the_chosen_context_is_named() {
    let home = folder();
    done(&home, "context add north --server http://127.0.0.1:1");
    let used = run(parkctl(home.path()).args(args("context use north")).env("PARKCTL_SERVER", "http://127.0.0.1:2"));
    assert_eq!(used.err, "using context north from now on\nbut PARKCTL_SERVER is set, and counts before it\n");
}
