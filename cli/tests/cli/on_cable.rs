//! Each part of setting up a camera by itself, and what is done to one that works.

use serde_json::{Value, json};

use crate::cable::{Cable, Fault, Flash, PASSWORD, SSID};
use crate::daemon::Daemon;
use crate::following::Following;
use crate::run::{Run, args, parkctl, run};

const MAC: &str = "a4:cf:12:00:00:01";

/// A device that has Wi-Fi and belongs to nobody.
fn joined() -> (Cable, Flash) {
    let flash = Flash { wifi: Some((SSID.into(), PASSWORD.into())), claim: None };
    (Cable::with(Fault::None, flash.clone(), MAC), flash)
}

fn on_cable(daemon: &Daemon, cable: &Cable, line: &str) -> Run {
    let mut command = parkctl(daemon.data_dir());
    run(command.env("PARKCTL_CAMERA_URL", &daemon.url).args(args(line)).args(["--port", &cable.path]))
}

fn object(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

/// Prefixes of the valid tokens of cameras.
fn tokens(daemon: &Daemon) -> Vec<String> {
    let tokens = object(&daemon.ask("token list -o json"));
    let valid = tokens
        .as_array()
        .expect("a list")
        .iter()
        .filter(|token| token["role"] == "camera" && token["revoked_at"].is_null());
    valid.map(|token| token["prefix"].as_str().expect("a text").to_string()).collect()
}

#[test]
fn a_device_says_who_it_is() {
    let daemon = Daemon::start();
    let (cable, _) = joined();
    let device = object(&on_cable(&daemon, &cable, "camera identify -o json"));
    assert_eq!(
        device,
        json!({
            "port": cable.path, "device": MAC, "kind": "camera", "state": "joined", "firmware": "smart-parking-cam",
            "version": "0.1.0", "chip": "ESP32", "name": "camera1", "claimed": false, "url": "http://192.0.2.7/",
        })
    );
    let shown = on_cable(&daemon, &cable, "camera scan");
    assert_eq!(shown.code, Some(0), "{shown:?}");
    let networks: Vec<_> =
        shown.out.lines().skip(1).map(|line| line.split_whitespace().next().expect("a word")).collect();
    assert_eq!(networks, ["Lot", "Guests", "Far"], "the strongest first: {}", shown.out);
}

#[test]
fn a_claim_is_stored_when_it_has_worked_and_the_tokens_before_are_revoked() {
    let daemon = Daemon::start();
    let (cable, before) = joined();
    assert_eq!(daemon.ask("camera create cam-5").code, Some(0));
    let [old] = tokens(&daemon).try_into().expect("one token");

    let nowhere = on_cable(&daemon, &cable, "camera claim cam-5 --camera-url http://127.0.0.1:1 -o json");
    assert_eq!((nowhere.code, &nowhere.error()["code"]), (Some(9), &json!("daemon_unreachable_from_camera")));
    assert_eq!((cable.flash(), tokens(&daemon)), (before, vec![old.clone()]), "all is as it was");

    let done = on_cable(&daemon, &cable, "camera claim cam-5 -o json");
    assert_eq!(object(&done)["id"], "cam-5");
    let (url, token, id) = cable.flash().claim.expect("it is claimed");
    assert_eq!((url.as_str(), id.as_str()), (daemon.url.as_str(), "cam-5"));
    assert_eq!(tokens(&daemon), [&token[..old.len()]]);

    let rotated = on_cable(&daemon, &cable, "camera rotate-token cam-5 -o json");
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    let next = cable.flash().claim.expect("it is claimed").1;
    assert!(next != token && tokens(&daemon) == [&next[..old.len()]]);
    let nobody = on_cable(&daemon, &cable, "camera claim cam-6 -o json");
    assert_eq!((nobody.code, &nobody.error()["code"]), (Some(3), &json!("camera_not_found")));
}

#[test]
fn a_token_is_rotated_without_a_cable_too() {
    let daemon = Daemon::start();
    let made = object(&daemon.ask("camera create cam-1 -o json"));
    let refused = daemon.ask("camera rotate-token cam-1 -o json");
    assert_eq!((refused.code, &refused.error()["code"]), (Some(2), &json!("confirmation_needed")));
    let lost = daemon.ask("camera rotate-token cam-1 --save no-such-folder/cam-1.token --yes -o json");
    assert_eq!((lost.code, &lost.error()["code"]), (Some(1), &json!("file_unwritable")));
    assert_eq!(tokens(&daemon).len(), 2, "the old one goes on: the new one was not kept");
    let rotated = object(&daemon.ask("camera rotate-token cam-1 --yes -o json"));
    let report = |token: &Value| {
        let mut command = parkctl(daemon.data_dir());
        run(command.env("PARKCTL_TOKEN", token.as_str().expect("a token")).args(["status"])).code
    };
    assert_eq!((report(&made["token"]), tokens(&daemon).len()), (Some(4), 1));
    assert_eq!(rotated["camera"], "cam-1");
}

#[test]
fn what_a_device_logs_is_printed_line_by_line_with_its_time() {
    let daemon = Daemon::start();
    let cable = Cable::plug(Fault::None);
    let heard = on_cable(&daemon, &cable, "camera monitor --count 3 -o jsonl");
    assert_eq!(heard.code, Some(0), "{heard:?}");
    let lines: Vec<Value> = heard.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let texts: Vec<_> = lines.iter().map(|line| line["line"].as_str().expect("a text")).collect();
    assert_eq!(
        texts,
        ["ets Jul 29 2019 12:21:46", "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)", "I (31) boot: camera"]
    );
    assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with('Z'))));
}

#[test]
fn a_monitor_waits_for_a_cable_that_was_pulled() {
    let daemon = Daemon::start();
    let port = daemon.data_dir().join("port");
    let cable = Cable::plug(Fault::None);
    std::os::unix::fs::symlink(&cable.path, &port).expect("a link");
    let line = "camera monitor --count 6 -o jsonl --port";
    let mut monitor = Following::start(parkctl(daemon.data_dir()).args(args(line)).arg(&port));
    for _ in 0..3 {
        monitor.line();
    }
    std::fs::remove_file(&port).expect("the link");
    drop(cable);
    monitor.says(&format!("{} has vanished; waiting", port.display()));
    let cable = Cable::plug(Fault::None);
    std::os::unix::fs::symlink(&cable.path, &port).expect("a link");
    monitor.says(&format!("{} is back", port.display()));
    let (rest, code) = monitor.end();
    assert_eq!((rest.len(), code), (3, Some(0)), "{rest:?}");
}

#[test]
fn what_the_daemon_keeps_of_a_camera_is_shown() {
    let daemon = Daemon::start();
    assert_eq!(daemon.ask("camera create cam-1").code, Some(0));
    let when_empty = daemon.ask("camera health cam-1 --history");
    assert_eq!((when_empty.code, when_empty.out.as_str()), (Some(0), ""), "{when_empty:?}");
    assert_eq!(daemon.ask("camera health cam-1 --rssi -61 --uptime 60").code, Some(0));
    let history = object(&daemon.ask("camera health cam-1 --history -o json"));
    // The last stretch is kept when it is over, or a little later.
    assert!(history.is_array(), "{history}");
    assert_eq!(daemon.ask("camera health cam-1 --history --rssi -61").code, Some(2), "one or the other");
    assert_eq!(object(&daemon.ask("camera views cam-1 -o json")), json!([]));
    let settings = object(&daemon.ask("config explain -o json"));
    let names: Vec<_> = settings.as_array().expect("a list").iter().map(|row| row["name"].clone()).collect();
    assert_eq!(names[6..9], ["camera_url", "wifi_password", "port"]);
}

#[test]
fn a_camera_that_was_never_heard_of_is_diagnosed_as_such() {
    let daemon = Daemon::start();
    assert_eq!(daemon.ask("camera create cam-1").code, Some(0));
    let found = daemon.ask("camera doctor cam-1 -o json");
    assert_eq!((found.code, found.err.as_str()), (Some(1), ""), "{found:?}");
    let findings: Value = serde_json::from_str(&found.out).expect("JSON");
    assert_eq!((&findings[0]["check"], &findings[0]["result"]), (&json!("contact"), &json!("bad")));
    assert!(findings[0]["advice"].as_str().expect("a text").contains("parkctl camera provision"));
    assert_eq!(daemon.ask("camera doctor cam-2").code, Some(3));
}

#[test]
fn a_camera_is_retired_with_its_token() {
    let daemon = Daemon::start();
    assert_eq!(daemon.ask("camera create cam-1").code, Some(0));
    assert_eq!(daemon.ask("camera retire cam-1 --yes").code, Some(0));
    assert_eq!((tokens(&daemon), daemon.ask("camera get cam-1").code), (Vec::new(), Some(3)));
}
