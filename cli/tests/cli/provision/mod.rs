//! From the box to the first picture: the binary, a device on a pty, a real daemon.

mod faults;
mod person;
mod plugged;
mod standing;
mod whole;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::cable::{Cable, Fault, PASSWORD, SSID};
use crate::daemon::Daemon;
use crate::run::{Run, args, parkctl, run};

/// A daemon, and a file with the password.
struct Site {
    daemon: Daemon,
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("wifi"), format!("{PASSWORD}\n")).expect("a file");
        std::fs::write(folder.path().join("wrong"), "not this one\n").expect("a file");
        Self { daemon: Daemon::start(), folder }
    }

    /// `camera provision` on that port.
    fn command(&self, port: &str, line: &str) -> Command {
        let mut command = parkctl(self.daemon.data_dir());
        command.current_dir(self.folder.path()).env("PARKCTL_CAMERA_URL", &self.daemon.url);
        command.args(["camera", "provision", "--port", port]).args(args(line));
        command
    }

    fn provision(&self, cable: &Cable, line: &str) -> Run {
        run(&mut self.command(&cable.path, line))
    }

    fn json(&self, line: &str) -> Value {
        let asked = self.daemon.ask(&format!("{line} -o json"));
        assert_eq!(asked.code, Some(0), "{line}: {asked:?}");
        serde_json::from_str(&asked.out).expect("JSON")
    }
}

const USUAL: &str = "--id cam-3 --zone B --ssid 'Lot Wi-Fi' --password-file wifi";

/// The same with little patience.
const QUICK: &str = "--id cam-3 --ssid 'Lot Wi-Fi' --password-file wifi --timeout 1.5";

fn object(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

/// Nobody else has the port: it can be opened, and locked.
fn is_free(path: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    tokio_serial::SerialStream::open(&tokio_serial::new(path, 115_200)).is_ok()
}

#[test]
fn a_camera_goes_from_the_box_to_its_first_picture() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let done = object(&site.provision(&cable, &format!("{USUAL} -o json")));
    assert_eq!((&done["id"], &done["result"], &done["zone"]), (&"cam-3".into(), &"provisioned".into(), &"B".into()));
    assert_eq!(
        (&done["ssid"], &done["address"], &done["rssi_dbm"]),
        (&SSID.into(), &"http://192.0.2.7/".into(), &(-61).into())
    );
    let camera = site.json("camera get cam-3");
    assert_eq!((&camera["status"], &camera["zone"]), (&"online".into(), &"B".into()));
    assert_eq!(camera["contact"]["capture_id"], done["capture"], "the daemon has the picture");
    let flash = cable.flash();
    assert_eq!(flash.wifi, Some((SSID.into(), PASSWORD.into())));
    let (url, token, id) = flash.claim.expect("it is claimed");
    assert_eq!((url.as_str(), id.as_str()), (site.daemon.url.as_str(), "cam-3"));
    assert!(token.starts_with("park_"));
    let log = site.daemon.log();
    assert!(!log.contains(&token) && !log.contains(PASSWORD), "{log}");
}

/// The recorded run, and where it is shown.
const TRANSCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/provision.txt");
const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");

/// What is different in each run, as it is written down.
fn normalised(text: &str, site: &Site, cable: &Cable, picture: &Value) -> String {
    let of = |name: &str| picture[name].as_str().expect("a text").to_string();
    let text = text
        .replace(&site.daemon.url, "http://192.0.2.10:8080")
        .replace(&cable.path, "/dev/ttyUSB0")
        .replace(&of("url"), "/images/main/cam-3/…")
        .replace(&of("id"), "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12");
    let took = |line: &str| match (line.starts_with("seconds"), line.find(|c: char| c.is_ascii_digit())) {
        (true, Some(at)) => format!("{}3 s", &line[..at]),
        _ => line.trim_end().to_string(),
    };
    text.lines().map(|line| took(line) + "\n").collect()
}

#[test]
fn each_step_is_said_while_it_happens_as_the_readme_shows() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let told = site.provision(&cable, USUAL);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(!told.out.contains("park_") && !told.err.contains("park_"), "the token is nobody's business");
    let picture = &site.json("capture list")[0];
    let run = format!("$ parkctl camera provision {USUAL}\n{}{}", told.err, told.out);
    let run = normalised(&run, &site, &cable, picture);
    if std::env::var_os("TRYCMD").is_some_and(|mode| mode == "overwrite") {
        std::fs::write(TRANSCRIPT, &run).expect("written");
    }
    let recorded = std::fs::read_to_string(Path::new(TRANSCRIPT)).unwrap_or_default();
    assert_eq!(run, recorded, "record it anew with TRYCMD=overwrite");
    let readme = std::fs::read_to_string(README).expect("there");
    assert!(readme.contains(&format!("```\n{recorded}```\n")), "README.md shows another run than {TRANSCRIPT}");
}

#[test]
fn a_line_that_loses_bytes_and_a_device_that_is_slow_are_put_up_with() {
    for fault in [
        Fault::Lossy(131),
        Fault::Slow(Duration::from_millis(1_200)),
        Fault::Boots(Duration::from_millis(2_500)),
        Fault::Terse,
    ] {
        let site = Site::new();
        let cable = Cable::plug(fault);
        let done = site.provision(&cable, &format!("{USUAL} -o json"));
        assert_eq!(done.code, Some(0), "{fault:?}: {done:?}");
    }
}

#[test]
fn an_open_network_needs_no_password() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    object(&site.provision(&cable, "--id cam-1 --ssid Guests -o json"));
    assert_eq!(cable.flash().wifi, Some(("Guests".into(), String::new())));
}
