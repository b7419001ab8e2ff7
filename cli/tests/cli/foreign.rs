//! Counterparts that are none of ours: another client against our device, and our client against another device.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use esp_idf_improv_wifi::{DeviceInfo, ImprovWifi, ImprovWifiBuilder, WifiNetwork};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::{Value, json};
use virtual_cam::cam::Network;
use virtual_cam::{Bench, Cam, Flash, Options, Pictures};

use crate::cable::{PASSWORD, SSID, line};
use crate::daemon::Daemon;
use crate::run::{Run, args, parkctl, run};

const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// Where `.ci/tools` puts the browser's client.
fn sdk() -> PathBuf {
    let test = std::env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(3).expect("target/<profile>/deps/<test>");
    let dist = target.join("tools/improv-sdk/package/dist");
    assert!(dist.join("serial.js").exists(), "{} is missing: run .ci/tools", dist.display());
    dist
}

#[test]
fn the_browsers_client_sets_up_our_device() {
    let network =
        |ssid: &str, password: &str, rssi_dbm| Network { ssid: ssid.into(), password: password.into(), rssi_dbm };
    let networks = vec![network("Guests", "", -80), network(SSID, PASSWORD, -61), network("Far", "far away!", -90)];
    let cam = Cam::new(Options { networks, ..Options::default() }, Flash::in_memory(), Pictures::drawn(0));
    let bench = Bench::start(cam, None).expect("a camera on a cable");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/sdk.mjs");
    let asked = run(Command::new("node").arg(script).arg(sdk()).arg(bench.path()));
    assert_eq!(asked.code, Some(0), "{asked:?}");
    let lines: Vec<Value> = asked.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let network = |online| json!({"online": online, "supportsWifi": true, "supportsEthernet": false, "supportsThread": false, "supportsModem": false, "urls": if online { vec!["http://192.0.2.7/"] } else { vec![] }});
    let expected = [
        (
            "initialize",
            json!({"firmware": "smart-parking-cam", "version": "0.1.0", "name": "camera1", "chipFamily": "ESP32", "osName": null, "osVersion": null}),
        ),
        ("state", json!(2)),
        (
            "scan",
            json!([
                {"name": "Far", "rssi": -90, "secured": true},
                {"name": "Guests", "rssi": -80, "secured": false},
                {"name": SSID, "rssi": -61, "secured": true},
            ]),
        ),
        // Names of seven characters are those that this client loses when nothing follows them.
        ("get name", json!("camera1")),
        ("set name", json!("Gate 12")),
        ("get host name", json!("camera1")),
        ("bad host name", json!({"refused": "BAD_HOSTNAME"})),
        ("network", network(false)),
        ("wrong password", json!({"refused": "UNABLE_TO_CONNECT"})),
        ("join", json!("http://192.0.2.7/")),
        ("state after", json!([4, "http://192.0.2.7/"])),
        ("network after", network(true)),
    ];
    for (line, (question, came)) in lines.iter().zip(&expected) {
        assert_eq!((&line["asked"], &line["came"]), (&json!(question), came), "{}", asked.err);
    }
    assert_eq!(lines.len(), expected.len());
    let wifi = bench.seen().settings.wifi.expect("it has Wi-Fi");
    assert_eq!((&*wifi.ssid, &*wifi.password), (SSID, PASSWORD));
}

/// Our end of a pty as the other maker's device wants it: a read that has nothing says so.
struct Line(File);

impl Read for Line {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let mut ready = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut ready, Some(&TURN))?;
        if ready[0].revents().contains(PollFlags::IN) {
            self.0.read(bytes)
        } else {
            Err(std::io::ErrorKind::WouldBlock.into())
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// A device of another maker on a cable.
struct Other {
    path: String,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Other {
    fn plug() -> Self {
        let (master, slave, path) = line();
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || serve(master, slave, &stopped));
        Self { path, stop, thread: Some(thread) }
    }

    fn ask(&self, daemon: &Daemon, line: &str) -> Run {
        let mut command = parkctl(daemon.data_dir());
        command.env("PARKCTL_CAMERA_URL", &daemon.url).env("PARKCTL_WIFI_PASSWORD", PASSWORD);
        run(command.args(args(line)).args(["--port", &self.path]))
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the device did not panic");
        }
    }
}

fn serve(master: File, _slave: OwnedFd, stopped: &Receiver<()>) {
    let info = DeviceInfo {
        firmware_name: "Nightlight".into(),
        firmware_version: "2.1".into(),
        chip_family: "ESP32-C3".into(),
        device_name: "Lamp".into(),
    };
    let networks = || vec![WifiNetwork { ssid: SSID.into(), rssi: -55, auth_required: true }];
    let mut device: ImprovWifi<Line> = ImprovWifiBuilder::new(info)
        .on_scan(networks)
        .on_connect(
            |ssid, password| {
                if ssid == SSID && password == PASSWORD { Ok("http://192.0.2.9/".into()) } else { Err(()) }
            },
        )
        .build(Line(master));
    while stopped.try_recv().is_err() {
        device.process().expect("the line holds");
    }
}

#[test]
fn another_makers_device_is_told_apart_and_given_wifi() {
    let daemon = Daemon::start();
    let other = Other::plug();
    let object = |line: &str| -> Value {
        let asked = other.ask(&daemon, line);
        assert_eq!(asked.code, Some(0), "{line}: {asked:?}");
        serde_json::from_str(&asked.out).expect("JSON")
    };
    let device = object("camera identify -o json");
    assert_eq!(
        (&device["kind"], &device["firmware"], &device["chip"]),
        (&json!("other"), &json!("Nightlight"), &json!("ESP32-C3"))
    );
    assert_eq!(
        (&device["state"], &device["device"], &device["claimed"]),
        (&json!("ready"), &Value::Null, &Value::Null)
    );
    assert_eq!(object("camera scan -o json"), json!([{"ssid": SSID, "rssi_dbm": -55, "secured": true}]));

    assert_eq!(object("camera wifi --ssid 'Lot Wi-Fi' --dry-run -o json")["state"], "ready");
    let tried = other.ask(&daemon, "camera provision --id cam-1 --ssid 'Lot Wi-Fi' --dry-run -o json");
    assert_eq!((tried.code, &tried.error()["code"]), (Some(9), &json!("not_a_camera")), "as without --dry-run");
    assert_eq!(object("camera identify -o json")["state"], "ready");

    let wrong = other.ask(&daemon, "camera wifi --ssid Nowhere -o json");
    assert_eq!((wrong.code, &wrong.error()["code"]), (Some(9), &json!("wifi_not_found")));
    let joined = object("camera wifi --ssid 'Lot Wi-Fi' -o json");
    assert_eq!((&joined["state"], &joined["url"]), (&json!("joined"), &json!("http://192.0.2.9/")));
    assert_eq!(object("camera identify -o json")["state"], "joined");

    let claim = other.ask(&daemon, "camera provision --id cam-1 --ssid 'Lot Wi-Fi'");
    assert_eq!(claim.code, Some(9), "{claim:?}");
    assert!(claim.err.contains("[6/8] the device has joined \"Lot Wi-Fi\" as http://192.0.2.9/"), "{}", claim.err);
    let said = "error: step 6 of 8 (join), Nightlight 2.1 on ESP32-C3 on /dev/pts/";
    assert!(claim.err.contains(said), "{}", claim.err);
    assert!(claim.err.contains("is not a camera of this system"), "{}", claim.err);
    assert_eq!(daemon.ask("camera list -o json").out, "[]\n", "it is not registered");
    assert_eq!(daemon.ask("camera create cam-1").code, Some(0));
    let claim = other.ask(&daemon, "camera claim cam-1 -o json");
    assert_eq!((claim.code, &claim.error()["code"]), (Some(9), &json!("not_a_camera")), "{claim:?}");
}
