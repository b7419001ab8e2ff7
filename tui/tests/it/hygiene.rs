//! A terminal is given back as it was: at the end, after a signal, after a panic, and while the console is suspended.

use std::process::Command;

use parktui::model::Model;
use parktui::update::update;
use parktui::{actions::Action, record};
use rustix::process::Signal;

use crate::daemon::example;
use crate::pty::Pty;

/// What a terminal is told when it is taken, and when it is given back.
const TAKEN: [&str; 4] = ["\x1b[?1049h", "\x1b[?1000h", "\x1b[?2004h", "\x1b[?25l"];
const GIVEN_BACK: [&str; 4] = ["\x1b[?1049l", "\x1b[?1000l", "\x1b[?2004l", "\x1b[?25h"];

fn demo(args: &[&str]) -> (Pty, String) {
    let (pty, before) = Pty::run(Command::new(env!("CARGO_BIN_EXE_parktui")).arg("--demo").args(args));
    pty.sees("Demo car park");
    pty.sees("live");
    (pty, before)
}

fn assert_given_back(pty: &Pty, from: usize, before: &str) {
    for code in GIVEN_BACK {
        pty.writes(from, code);
    }
    assert_eq!(pty.written(from).matches(GIVEN_BACK[0]).count(), 1, "once");
    assert_eq!(pty.modes(), before);
}

#[test]
fn after_the_end_the_terminal_is_as_it_was() {
    let (mut pty, before) = demo(&[]);
    for code in TAKEN {
        pty.writes(0, code);
    }
    assert_ne!(pty.modes(), before);
    pty.keys("q");
    assert!(pty.end().success());
    assert_given_back(&pty, 0, &before);
}

#[test]
fn the_mouse_is_left_to_the_terminal_where_somebody_wants_that() {
    let (mut pty, _) = demo(&["--no-mouse"]);
    pty.keys("q");
    assert!(pty.end().success());
    assert!(!pty.written(0).contains(TAKEN[1]));
}

#[test]
fn after_a_signal_the_terminal_is_as_it_was() {
    for signal in [Signal::TERM, Signal::HUP] {
        let (mut pty, before) = demo(&[]);
        pty.signal(signal);
        assert!(pty.end().success(), "{signal:?}");
        assert_given_back(&pty, 0, &before);
    }
}

#[test]
fn after_a_panic_the_terminal_is_as_it_was_and_the_panic_can_be_read_but_for_one_in_a_picture() {
    let (mut pty, before) = Pty::run(&mut Command::new(example("fall")));
    assert_eq!(pty.end().code(), Some(101));
    assert_given_back(&pty, 0, &before);
    let shown = pty.written(0);
    let (_, after) = shown.split_once(GIVEN_BACK[0]).expect("given back");
    assert!(after.contains("a fault in a task") && !shown.contains("a fault in a picture"), "{shown:?}");
}

#[test]
fn while_it_is_suspended_the_terminal_is_as_it_was_and_afterwards_it_goes_on() {
    let (mut pty, before) = demo(&[]);
    pty.keys("\x1a");
    pty.is_stopped();
    assert_given_back(&pty, 0, &before);
    let from = pty.len();
    pty.signal(Signal::CONT);
    pty.writes(from, TAKEN[0]);
    pty.sees("Demo car park");
    assert_ne!(pty.modes(), before);
    pty.keys("q");
    assert!(pty.end().success());
    assert_given_back(&pty, from, &before);
}

#[test]
fn a_recording_replays_to_the_same_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("session.jsonl");
    let (mut pty, _) = demo(&["--record", file.to_str().expect("a name")]);
    pty.keys("lljt");
    pty.sees("takes it back");
    pty.keys("4");
    pty.sees("Mast west");
    pty.keys("q");
    assert!(pty.end().success());
    let (setup, messages) = record::read(&file).expect("a recording");
    let mut model = Model::new(setup);
    for stamped in messages {
        update(&mut model, stamped);
    }
    assert!(model.tab().lot.is_live());
    assert_eq!(model.tab().selected().map(|slot| slot.code.to_string()).as_deref(), Some("A-11"));
    assert_eq!(model.keymap.hint(Action::Quit).as_deref(), Some("q"));

    let (mut pty, _) = Pty::run(Command::new(env!("CARGO_BIN_EXE_parktui")).arg("--replay").arg(&file));
    pty.sees("Mast west");
    pty.keys("q");
    assert!(pty.end().success());
}

#[test]
fn without_a_terminal_it_says_what_to_do_instead() {
    let output = Command::new(env!("CARGO_BIN_EXE_parktui")).arg("--demo").output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--plain"), "{output:?}");
    assert!(output.stdout.is_empty());
}
