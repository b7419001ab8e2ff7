//! Firmware over the air, whole: `parkctl`, a daemon, and cameras that run the core of the board. Their time passes as fast as the daemon
//! answers; the requests are real.

use std::path::Path;
use std::time::{Duration, Instant};

use improv::{Claim, Command, Wifi};
use serde_json::Value;
use virtual_cam::{Cam, Flash, Options, Pictures, cam};

use crate::daemon::Daemon;
use crate::run::{args, parkctl, run};

/// Virtual time between two looks of a camera at its world, in milliseconds.
const TICK_MS: u64 = 1_000;
/// Longest real wait for what the daemon does by itself.
const PATIENCE: Duration = Duration::from_secs(20);
const COUNT: u32 = 4;

struct Site {
    daemon: Daemon,
    cams: Vec<Cam>,
    now_ms: u64,
}

fn json(daemon: &Daemon, line: &str) -> Value {
    let run = daemon.ask(&format!("{line} -o json"));
    assert_eq!(run.code, Some(0), "{line}: {run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

/// A small picture, each another one.
fn picture(camera: u32, number: u32) -> Vec<u8> {
    let words = format!("camera {camera} picture {number}");
    let plain = include_bytes!("../live/captures.in/bays.jpg");
    let mut bytes = plain[..2].to_vec();
    // A comment, right after the marker of the beginning.
    bytes.extend([0xff, 0xfe]);
    bytes.extend((words.len() as u16 + 2).to_be_bytes());
    bytes.extend(words.as_bytes());
    bytes.extend(&plain[2..]);
    bytes
}

impl Site {
    /// A daemon, and cameras that were handed the key when they were set up.
    fn new() -> Self {
        let daemon = Daemon::start();
        let key = daemon.data_dir().join("firmware.key").display().to_string();
        let made = json(&daemon, &format!("firmware keygen {key}"));
        let key = made["public_key"].as_str().expect("a key");
        let key = parking_api::digits::bytes_of(key).expect("a key");
        let mut site = Self { daemon, cams: Vec::new(), now_ms: 1_000 };
        for number in 1..=COUNT {
            let created = json(&site.daemon, &format!("camera create cam-{number}"));
            let token = created["token"].as_str().expect("a token").to_string();
            let options = Options { number, version: "0.1.0".into(), ..Options::default() };
            let mut cam =
                Cam::new(options, Flash::in_memory(), Pictures::Given(Box::new(move |shot| picture(number, shot))));
            cam.advance(0);
            let id = format!("cam-{number}");
            let claim = Claim::new(&site.daemon.url, &token, &id).expect("valid");
            let wifi = Wifi::new("Lot Wi-Fi", "correct horse").expect("valid");
            for command in [Command::Claim(claim), Command::Trust(key), Command::Wifi(wifi), Command::Check] {
                cam.hear(command.encode().expect("valid").as_bytes(), 0);
            }
            cam.advance_and_wait(1_000);
            site.cams.push(cam);
        }
        site.run_s(30);
        site
    }

    fn run_s(&mut self, seconds: u64) {
        let until_ms = self.now_ms + seconds * 1_000;
        while self.now_ms < until_ms {
            self.now_ms += TICK_MS;
            self.cams.iter_mut().for_each(|cam| cam.advance_and_wait(self.now_ms));
        }
    }

    /// Signs an image with this key and brings it to the daemon.
    fn add(&self, version: &str, is_good: bool, key: &str) {
        let folder = self.daemon.data_dir();
        let path = |name: &str| Path::new(folder).join(name).display().to_string();
        let image = path(&format!("{version}.bin"));
        std::fs::write(&image, cam::image(version, is_good)).expect("written");
        for line in [
            format!("firmware sign {image} --key {} --board virtual --version {version}", path(key)),
            format!("firmware add {image}"),
        ] {
            let run = self.daemon.ask(&line);
            assert_eq!(run.code, Some(0), "{line}: {run:?}");
        }
    }

    fn roll_out(&self, line: &str) {
        json(&self.daemon, &format!("firmware roll-out {line}"));
    }

    /// State and word of each camera that shall run it.
    fn states(&self, version: &str) -> Vec<(String, String)> {
        let status = json(&self.daemon, &format!("firmware status {version}"));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
        let cameras = status["cameras"].as_array().expect("a list");
        cameras.iter().map(|camera| (text(&camera["state"]), text(&camera["word"]))).collect()
    }

    fn running(&self, version: &str) -> usize {
        self.cams.iter().filter(|cam| cam.version() == version).count()
    }
}

fn is(state: &str, word: &str, count: usize) -> Vec<(String, String)> {
    vec![(state.into(), word.into()); count]
}

#[test]
fn a_good_firmware_reaches_half_of_the_cameras_and_then_all_and_a_bad_one_stops_by_itself() {
    let mut site = Site::new();
    site.add("0.2.0", true, "firmware.key");
    site.roll_out("0.2.0 --percent 50");
    site.run_s(300);
    assert_eq!((site.states("0.2.0"), site.running("0.2.0")), (is("running", "valid", 2), 2));
    site.roll_out("0.2.0 --percent 100");
    site.run_s(300);
    assert_eq!((site.states("0.2.0"), site.running("0.2.0")), (is("running", "valid", 4), 4));

    site.add("0.3.0", false, "firmware.key");
    site.roll_out("0.3.0 --percent 50");
    let by = Instant::now() + PATIENCE;
    loop {
        site.run_s(60);
        let status = json(&site.daemon, "firmware status 0.3.0");
        if status["roll_out"]["stopped_at"].is_string() {
            break;
        }
        assert!(Instant::now() < by, "it stops by itself: {status}");
    }
    site.run_s(600);
    let states = site.states("0.3.0");
    assert!(states.len() == 2 && states.contains(&("went_back".into(), "went_back".into())), "{states:?}");
    assert_eq!(site.running("0.2.0"), 4, "all are where they were");
    let shown = site.daemon.ask("firmware status 0.3.0");
    assert!(shown.err.contains("stopped because cameras went back"), "{shown:?}");

    // They work as before.
    let before: Vec<_> = site.cams.iter().map(|cam| cam.acknowledged().len()).collect();
    site.run_s(300);
    for (cam, before) in site.cams.iter().zip(before) {
        assert!(cam.acknowledged().len() >= before + 4);
    }
}

#[test]
fn what_others_signed_or_what_is_older_is_refused_by_the_cameras_and_they_say_so() {
    let mut site = Site::new();
    let other = site.daemon.data_dir().join("other.key").display().to_string();
    json(&site.daemon, &format!("firmware keygen {other}"));
    site.add("0.2.0", true, "other.key");
    site.roll_out("0.2.0");
    site.run_s(180);
    assert_eq!(site.states("0.2.0"), is("failed", "bad_signature", 4));
    site.add("0.0.9", true, "firmware.key");
    site.roll_out("0.0.9 --camera cam-2");
    site.run_s(180);
    assert_eq!(site.states("0.0.9"), is("failed", "older_version", 1));
    assert_eq!(site.running("0.1.0"), 4);
    site.roll_out("0.0.9 --camera cam-2 --force");
    site.run_s(300);
    assert_eq!((site.states("0.0.9"), site.running("0.0.9")), (is("running", "valid", 1), 1));
    assert_eq!(site.cams[1].version(), "0.0.9");
}

#[test]
fn an_image_that_says_another_version_is_not_signed_as_this_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let ask = |line: &str| run(parkctl(folder.path()).args(args(line)));
    assert_eq!(ask(&format!("firmware keygen {}", at("key"))).code, Some(0));
    // Head of an image and of its first segment, then what it says of itself: magic, three numbers, version.
    let mut image = vec![0xe9; 32];
    image.extend(0xabcd_5432_u32.to_le_bytes());
    image.extend([0; 12]);
    image.extend(b"0.2.0\0");
    image.resize(300, 0);
    std::fs::write(at("image"), image).expect("written");
    let sign = |version: &str| {
        ask(&format!("firmware sign {} --key {} --board aithinker --version {version}", at("image"), at("key")))
    };
    let other = sign("0.3.0");
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.err.contains("says that it is version 0.2.0, not 0.3.0"), "{other:?}");
    assert_eq!(sign("0.2.0").code, Some(0));
}

#[test]
fn the_power_may_fail_in_any_write_to_flash() {
    let mut site = Site::new();
    site.add("0.2.0", true, "firmware.key");
    site.roll_out("0.2.0");
    // The image is written in about fifty pieces; before and after them settings and what is to be started.
    for (number, cam) in site.cams.iter_mut().enumerate() {
        cam.cut_power_after([0, 20, 50, 52][number]);
    }
    site.run_s(1_800);
    assert_eq!((site.states("0.2.0").len(), site.running("0.2.0")), (4, 4), "{:?}", site.states("0.2.0"));
}
