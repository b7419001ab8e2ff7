//! Completions: in real shells, with what is at a real daemon.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::daemon::Daemon;
use crate::run::{parkctl, run};
use crate::stub::{Answer, Stub};

/// What a person types, as far as TAB.
fn candidates(command: &mut Command, words: &[&str]) -> Vec<String> {
    let index = (words.len() - 1).to_string();
    command.env("PARKCTL_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n");
    let run = run(command.arg("--").args(words));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    run.out.lines().map(|line| line.trim().to_string()).collect()
}

#[test]
fn slots_cameras_lots_zones_and_contexts_are_completed_as_they_are_now() {
    let daemon = Daemon::with_slots();
    for line in [
        "camera create cam-7",
        "lot create annex",
        "slot create Z-1 --lot annex",
        "context add north --server http://h:1",
    ] {
        assert_eq!(daemon.ask(line).code, Some(0), "{line}");
    }
    let tab = |words: &[&str]| candidates(&mut parkctl(daemon.data_dir()), words);
    for (words, expected) in [
        (&["parkctl", "slot", "get", "A-"][..], &["A-01", "A-02"][..]),
        (&["parkctl", "slot", "set", "A-01", "B"], &["B-01", "B-02"]),
        (&["parkctl", "slot", "get", "--lot", "annex", "Z"], &["Z-1"]),
        (&["parkctl", "slot", "list", "--zone", "No"], &["North"]),
        (&["parkctl", "slot", "set", "A-01", "--state", "o"], &["occupied"]),
        (&["parkctl", "camera", "get", "c"], &["cam-7"]),
        (&["parkctl", "capture", "list", "--camera", "c"], &["cam-7"]),
        (&["parkctl", "slot", "list", "--lot", "a"], &["annex"]),
        (&["parkctl", "context", "use", "n"], &["north"]),
        (&["parkctl", "--context", "l"], &["local"]),
        (&["parkctl", "token", "create", "x", "--role", "att"], &["attendant"]),
        (&["parkctl", "session", "exp"], &["export"]),
    ] {
        assert_eq!(tab(words), expected, "{words:?}");
    }
    assert!(!tab(&["parkctl", "camera", "create", "c"]).contains(&"cam-7".to_string()));
}

#[test]
fn a_daemon_that_does_not_answer_is_not_waited_for() {
    let home = tempfile::tempdir().expect("a folder");
    let stub = Stub::new(vec![Answer::Silence]);
    let began = Instant::now();
    let told = candidates(parkctl(home.path()).env("PARKCTL_SERVER", &stub.url), &["parkctl", "slot", "get", "A"]);
    assert_eq!(told, Vec::<String>::new());
    // Far more than it takes, and far less than the wait for a real answer would.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let unknown = candidates(parkctl(home.path()).env("PARKCTL_SERVER", "nonsense"), &["parkctl", "slot", "get", "A"]);
    assert_eq!(unknown, Vec::<String>::new());
}

/// A shell that has read our script and is asked what it would offer.
fn in_shell(daemon: &Daemon, shell: &str, script: &str) -> Vec<String> {
    let home = daemon.data_dir();
    let ours = run(parkctl(home).args(["completions", shell]));
    assert_eq!(ours.code, Some(0), "{ours:?}");
    let file = home.join(format!("completions.{shell}"));
    std::fs::write(&file, &ours.out).expect("written");
    let program = Path::new(env!("CARGO_BIN_EXE_parkctl")).parent().expect("a folder").display().to_string();
    let path = format!("{program}:{}", std::env::var("PATH").expect("a path"));
    let output = Command::new(shell)
        .args(["-c", script])
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("PARKD_DATA_DIR", home)
        .env("SCRIPT", &file)
        .output()
        .unwrap_or_else(|error| panic!("{shell} does not run ({error}): run .ci/tools"));
    assert!(output.status.success(), "{shell}: {output:?}");
    String::from_utf8(output.stdout).expect("text").lines().map(|line| line.trim().to_string()).collect()
}

#[test]
fn bash_offers_the_slots_of_the_daemon() {
    let daemon = Daemon::with_slots();
    let script = r#"
        source "$SCRIPT"
        COMP_WORDS=(parkctl slot get A-); COMP_CWORD=3; COMP_TYPE=9
        _clap_complete_parkctl parkctl A- get
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    assert_eq!(in_shell(&daemon, "bash", script), ["A-01", "A-02"]);
}

#[test]
fn zsh_offers_the_slots_of_the_daemon() {
    let daemon = Daemon::with_slots();
    // Its own function hands its findings to what draws them; that is listened in on.
    let script = r#"
        autoload -Uz compinit && compinit -u -D
        source "$SCRIPT"
        _describe() { local -a found; found=("${(@P)3}"); print -l -- "${found[@]%%:*}" }
        words=(parkctl slot get A-); CURRENT=4
        _clap_dynamic_completer_parkctl
        true
    "#;
    let told = in_shell(&daemon, "zsh", script);
    assert!(told.iter().any(|line| line == "A-01") && told.iter().any(|line| line == "A-02"), "{told:?}");
}

#[test]
fn fish_offers_the_slots_of_the_daemon() {
    let daemon = Daemon::with_slots();
    let told = in_shell(&daemon, "fish", r#"source "$SCRIPT"; complete -C "parkctl slot get A-""#);
    let codes: Vec<&str> = told.iter().map(|line| line.split('\t').next().expect("a first part")).collect();
    assert_eq!(codes, ["A-01", "A-02"]);
}
