//! Whatever can go wrong, and what is said about it: the step, what the device answered, and what to try.

use std::net::TcpListener;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::{QUICK, Site, USUAL};
use crate::cable::{Cable, Fault, Flash};
use crate::daemon::Daemon;
use crate::run::run;

/// What a fault comes to: exit code, code, a part of the message and a part of the hint.
fn fails(fault: Fault, line: &str, expected: (i32, &str, &str, &str)) {
    let site = Site::new();
    let cable = Cable::plug(fault);
    let failed = site.provision(&cable, &format!("{line} -o json"));
    let (exit, code, message, hint) = expected;
    assert_eq!(failed.code, Some(exit), "{fault:?}: {failed:?}");
    let error = failed.error();
    assert_eq!(error["code"], code, "{fault:?}: {error}");
    let text = |name: &str| error[name].as_str().expect("a text").to_string();
    assert!(text("message").starts_with("step ") && text("message").contains(message), "{fault:?}: {error}");
    assert!(text("hint").contains(hint), "{fault:?}: {error}");
    assert_eq!(cable.flash(), Flash::default(), "{fault:?}: nothing is stored");
    // What is gone may have the token.
    let is_in_doubt = matches!(fault, Fault::Dies(_) | Fault::Unplugged);
    let left = site.json("camera list").as_array().expect("a list").len();
    assert_eq!(
        (left == 1, text("hint").contains("stays registered")),
        (is_in_doubt, is_in_doubt),
        "{fault:?}: {error}"
    );
}

#[test]
fn a_wrong_password_is_told_from_a_network_that_is_not_there() {
    let wrong = "--id cam-3 --ssid 'Lot Wi-Fi' --password-file wrong";
    let said = "step 6 of 8 (join), join \"Lot Wi-Fi\": the device answered \"unable to connect\"; the signal is good (-61 dBm)";
    fails(Fault::None, wrong, (9, "wifi_refused", said, "the password is wrong"));
    let none = "--id cam-3 --ssid 'Lot WiFi' --password-file wifi";
    let said = "it sees no network \"Lot WiFi\", but \"Lot Wi-Fi\", \"Guests\", \"Far\"";
    fails(Fault::None, none, (9, "wifi_not_found", said, "2.4 GHz"));
    let weak = "--id cam-3 --ssid Far --password-file wifi";
    fails(Fault::None, weak, (9, "wifi_weak", "the signal is weak (-90 dBm)", "antenna"));
}

#[test]
fn a_device_that_does_not_answer_is_told_from_what_it_says_instead() {
    fails(Fault::Mute, QUICK, (9, "device_silent", "nothing came from the device", "power and cable"));
    let logs = Fault::Only(b"I (99) app: hello world\r\n");
    fails(logs, QUICK, (9, "device_deaf", "the last that it logged is \"I (99) app: hello world\"", "flash"));
    fails(Fault::Only(NOISE), QUICK, (9, "device_garbled", "only noise came", "115200"));
    let download = Fault::Only(b"waiting for download\r\n");
    fails(download, QUICK, (9, "device_download_mode", "download mode", "GPIO0"));
    let blank = Fault::Only(b"invalid header: 0xffffffff\r\n");
    fails(blank, QUICK, (9, "device_blank", "no firmware", "flash the camera firmware"));
}

const NOISE: &[u8] = &[0xfe; 200];

#[test]
fn a_device_that_fails_in_the_middle_says_how() {
    let reset = Fault::Dies(b"\r\nrst:0x8 (TG1WDT_SYS_RESET),boot:0x13\r\n");
    fails(reset, USUAL, (9, "device_restarted", "restarted in the middle (TG1WDT_SYS_RESET)", "5 V"));
    let brownout = Fault::Dies(b"\r\nBrownout detector was triggered\r\n\r\n");
    fails(brownout, USUAL, (9, "device_brownout", "the supply of the device broke down", "1 A"));
    let crash = Fault::Dies(b"Guru Meditation Error: Core  0 panic'ed\r\n");
    fails(crash, USUAL, (9, "device_crashed", "crashed", "monitor"));
    fails(
        Fault::Unplugged,
        USUAL,
        (9, "device_gone", "step 6 of 8 (join), join \"Lot Wi-Fi\": the port vanished", "cable"),
    );
}

#[test]
fn a_camera_that_does_not_reach_the_daemon_says_how_far_it_came() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let other = Daemon::start();
    for (url, code, hint) in [
        (format!("http://{free}"), "daemon_unreachable_from_camera", "firewall"),
        (other.url.clone(), "camera_refused", "the same daemon"),
    ] {
        let site = Site::new();
        let cable = Cable::plug(Fault::None);
        let failed = site.provision(&cable, &format!("{USUAL} --camera-url {url} -o json"));
        assert_eq!(failed.code, Some(9), "{failed:?}");
        let error = failed.error();
        let text = |name: &str| error[name].as_str().expect("a text").to_string();
        assert_eq!(text("code"), code, "{error}");
        assert!(text("message").starts_with("step 7 of 8 (check), reach the daemon from the camera: "), "{error}");
        assert!(text("message").contains(&url) && text("hint").contains(hint), "{error}");
        assert_eq!(cable.flash(), Flash::default(), "nothing is stored, though it has joined");
        assert_eq!(site.json("camera list"), Value::Array(Vec::new()), "nothing stays registered");
    }
}

#[test]
fn a_join_that_takes_longer_than_the_timeout_is_waited_for() {
    let site = Site::new();
    let cable = Cable::plug(Fault::Joins(Duration::from_millis(1_800)));
    let done = site.provision(&cable, &format!("{QUICK} -o json"));
    assert_eq!(done.code, Some(0), "{done:?}");
}

#[test]
fn a_camera_without_a_picture_is_not_provisioned() {
    let site = Site::new();
    let cable = Cable::plug(Fault::Blind);
    let failed = site.provision(&cable, &format!("{QUICK} -o json"));
    assert_eq!((failed.code, failed.out.as_str()), (Some(9), ""), "{failed:?}");
    assert_eq!(failed.error()["code"], "no_picture");
}

#[test]
fn a_port_that_cannot_be_opened_says_why() {
    let site = Site::new();
    let ask = |port: &str| {
        let failed = run(&mut site.command(port, &format!("{QUICK} -o json")));
        assert_eq!(failed.code, Some(9), "{failed:?}");
        failed.error()["code"].as_str().expect("a code").to_string()
    };
    assert_eq!(ask("/dev/ttyUSB99"), "port_missing");
    assert_eq!(ask("/dev/null"), "port_unusable");
    let cable = Cable::plug(Fault::None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _inside = runtime.enter();
    let taken = tokio_serial::SerialStream::open(&tokio_serial::new(&cable.path, 115_200)).expect("it is free");
    assert_eq!(ask(&cable.path), "port_busy");
    drop(taken);
}

#[test]
fn what_the_daemon_or_the_command_line_lacks_is_said_before_the_device_is_touched() {
    let site = Site::new();
    let refused = |line: &str, change: &dyn Fn(&mut Command)| {
        let mut command = site.command("/dev/ttyUSB99", &format!("{line} -o json"));
        change(&mut command);
        let failed = run(&mut command);
        let error = failed.error();
        let message = error["message"].as_str().expect("a text");
        let has_step = message.starts_with("step 1 of 8 (daemon), ") || failed.code == Some(2);
        assert!(has_step, "{line}: {error}");
        (failed.code, error["code"].as_str().expect("a code").to_string())
    };
    let usual = |_: &mut Command| {};
    assert_eq!(
        refused(USUAL, &|command| {
            command.env_remove("PARKCTL_CAMERA_URL");
        }),
        (Some(2), "usage".into())
    );
    let mut here = site.command("/dev/ttyUSB99", &format!("{USUAL} -o json"));
    let hint = run(here.env_remove("PARKCTL_CAMERA_URL")).error()["hint"].to_string();
    let listen = format!("`parkd serve --listen 0.0.0.0:{}`", site.daemon.url.rsplit(':').next().expect("a port"));
    assert!(hint.contains("--camera-url http://") && hint.contains(&listen), "what a camera could dial: {hint}");
    assert_eq!(refused(&format!("{USUAL} --camera-url ftp://x"), &usual), (Some(2), "usage".into()));
    assert_eq!(refused("--ssid x", &usual), (Some(2), "usage".into()), "no id");
    std::fs::write(site.folder.path().join("short"), "secret\n").expect("a file");
    let short = "--id cam-3 --ssid x --password-file short";
    assert_eq!(refused(short, &usual), (Some(2), "usage".into()), "no network has such a password");
    assert_eq!(
        refused(USUAL, &|command| {
            command.env("PARKCTL_SERVER", "http://127.0.0.1:1");
        }),
        (Some(6), "unreachable".into())
    );
    let made = site.daemon.ask("token create desk --role attendant -o json");
    let made: Value = serde_json::from_str(&made.out).expect("JSON");
    let token = made["token"].as_str().expect("a token");
    assert_eq!(
        refused(USUAL, &|command| {
            command.env("PARKCTL_TOKEN", token);
        }),
        (Some(4), "forbidden".into())
    );
}
