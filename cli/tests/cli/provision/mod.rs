//! From the box to the first picture: the binary, a device on a pty, a real daemon.

mod faults;
mod person;
mod standing;
mod whole;

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

#[test]
fn each_step_is_said_while_it_happens() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let told = site.provision(&cable, USUAL);
    assert_eq!(told.code, Some(0), "{told:?}");
    let err = told.err.replace(&site.daemon.url, "[URL]").replace(&cable.path, "[PORT]");
    let lines: Vec<_> = err.lines().collect();
    let expected = [
        "[1/8] [URL] is ready for a new camera cam-3 of lot main",
        "[2/8] smart-parking-cam 0.1.0 on ESP32, a4:cf:12:00:00:01 on [PORT]",
        "[3/8] \"Lot Wi-Fi\", -61 dBm, the strongest of 3 networks",
        "[4/8] camera cam-3 is registered",
        "[5/8] the device knows [URL] and its token",
        "[6/8] the device has joined \"Lot Wi-Fi\" as http://192.0.2.7/",
        "[7/8] the camera reaches [URL] with a signal of -61 dBm",
    ];
    assert_eq!(lines[..7], expected);
    assert!(lines[7].starts_with("[8/8] the daemon has its first picture: ") && lines.len() == 8, "{err}");
    assert!(told.out.contains("✓ provisioned"), "{}", told.out);
    assert!(!told.out.contains("park_") && !told.err.contains("park_"), "the token is nobody's business");
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
