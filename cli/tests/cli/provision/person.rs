//! A person at a terminal: picks the network, types the password, sees the picture.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};

use super::Site;
use crate::cable::{Cable, Fault, PASSWORD, SSID, pty};

const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal as a person sees it.
pub struct Screen {
    end: File,
    pub text: String,
}

impl Screen {
    /// Somebody types this command; the terminal lives as long as its other end is held.
    pub fn of(command: &mut Command) -> (Self, Child, OwnedFd) {
        let (end, terminal, _) = pty();
        let copy = || terminal.try_clone().expect("one more");
        let child = command.stdin(copy()).stdout(copy()).stderr(copy()).spawn().expect("it runs");
        (Self { end, text: String::new() }, child, terminal)
    }

    /// Waits until it shows `what`.
    pub fn shows(&mut self, what: &str) {
        self.shows_times(what, 1);
    }

    fn shows_times(&mut self, what: &str, times: usize) {
        let until = Instant::now() + PATIENCE;
        while self.text.matches(what).count() < times {
            assert!(Instant::now() < until, "{what:?} is not shown: {}", self.text);
            self.read();
        }
    }

    fn read(&mut self) {
        let mut ready = [PollFd::new(&self.end, PollFlags::IN)];
        poll(&mut ready, Some(&Timespec { tv_sec: 0, tv_nsec: 50_000_000 })).expect("it can be waited for");
        let mut bytes = [0; 4096];
        if ready[0].revents().contains(PollFlags::IN)
            && let Ok(count) = self.end.read(&mut bytes)
        {
            self.text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }

    pub fn types(&mut self, keys: &str) {
        self.end.write_all(keys.as_bytes()).expect("it takes keys");
    }
}

#[test]
fn a_person_picks_the_network_types_the_password_unseen_and_sees_the_picture() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let (mut screen, mut child, _terminal) =
        Screen::of(site.command(&cable.path, "--id cam-3").env("TERM", "xterm-256color"));
    screen.shows("Which network? [1-3, or the name of a hidden one]");
    assert!(
        screen.text.contains("1  Lot Wi-Fi (-61 dBm)") && screen.text.contains("2  Guests (-80 dBm, open)"),
        "{}",
        screen.text
    );
    screen.types("1\n");
    screen.shows("Password of \"Lot Wi-Fi\":");
    screen.types("not this one\r");
    screen.shows("most often the password is wrong");
    screen.shows_times("Password of \"Lot Wi-Fi\":", 2);
    screen.types(&format!("{PASSWORD}x\x7f\r"));
    screen.shows("[8/8] the daemon has its first picture");
    screen.shows("provisioned");
    while child.try_wait().expect("a child").is_none() {
        screen.read();
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{}", screen.text);
    assert!(!screen.text.contains(PASSWORD) && !screen.text.contains("not this one"), "{}", screen.text);
    assert!(screen.text.contains('▀'), "the picture is shown: {}", screen.text);
    assert_eq!(cable.flash().wifi, Some((SSID.into(), PASSWORD.into())));
}

#[test]
fn ctrl_c_at_the_password_gives_the_terminal_back_as_it_was() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let (mut screen, mut child, terminal) = Screen::of(&mut site.command(&cable.path, "--id cam-3 -o json"));
    let modes = || format!("{:?}", rustix::termios::tcgetattr(&terminal).expect("modes"));
    screen.shows("Which network?");
    let before = modes();
    screen.types("Attic\n");
    screen.shows("Password of \"Attic\":");
    screen.types("half\x03");
    screen.shows("{\"error\":{\"code\":\"interrupted\"");
    assert_eq!(child.wait().expect("it ends").code(), Some(130), "{}", screen.text);
    assert_eq!(modes(), before);
    assert_eq!(cable.flash().wifi, None);
}

#[test]
fn a_terminal_that_goes_away_at_the_password_ends_the_command() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let (mut screen, mut child, terminal) = Screen::of(site.command(&cable.path, "--id cam-3").args(["--ssid", SSID]));
    let pid = Pid::from_child(&child);
    screen.shows("Password of \"Lot Wi-Fi\":");
    drop((terminal, screen));
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let end = end.recv_timeout(PATIENCE);
    if end.is_err() {
        kill_process(pid, Signal::KILL).expect("it can be stopped");
    }
    assert!(end.is_ok(), "it goes on without a terminal");
    assert_eq!(cable.flash().wifi, None);
}
