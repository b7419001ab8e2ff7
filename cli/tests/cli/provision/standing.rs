//! What was there before: cameras at work, devices that work, a box of devices.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Site, USUAL, is_free, object};
use crate::cable::{Cable, Fault, Flash, PASSWORD};
use crate::run::run;

const PATIENCE: Duration = Duration::from_secs(30);

/// A camera that was provisioned and works.
fn at_work(site: &Site) -> (Cable, String) {
    let cable = Cable::plug(Fault::None);
    object(&site.provision(&cable, &format!("{USUAL} -o json")));
    let token = cable.flash().claim.expect("it is claimed").1;
    (cable, token)
}

/// How many tokens of cameras are valid.
fn tokens(site: &Site) -> usize {
    let tokens = site.json("token list");
    tokens
        .as_array()
        .expect("a list")
        .iter()
        .filter(|token| token["role"] == "camera" && token["revoked_at"].is_null())
        .count()
}

#[test]
fn a_dry_run_changes_nothing() {
    let site = Site::new();
    let cable = Cable::plug(Fault::None);
    let done = object(&site.provision(&cable, "--id cam-3 --ssid 'Lot Wi-Fi' --dry-run -o json"));
    assert_eq!((&done["result"], &done["device"]), (&"dry_run".into(), &"a4:cf:12:00:00:01".into()));
    let long = "x".repeat(400);
    let refused = site.provision(&cable, &format!("--id cam-3 --ssid 'Lot Wi-Fi' --name {long} --dry-run -o json"));
    let error = refused.error();
    assert!(refused.code == Some(1) && error["code"] == "invalid_field", "the daemon checks it: {error}");
    assert!(error["message"].as_str().is_some_and(|said| said.starts_with("step 4 of 8 (register), ")), "{error}");
    assert_eq!(cable.flash(), Flash::default());
    assert_eq!(site.json("camera list"), Value::Array(Vec::new()));
}

#[test]
fn a_camera_at_work_is_replaced_only_when_that_is_meant_and_its_token_goes_when_the_new_one_has_worked() {
    let site = Site::new();
    let (_first, old) = at_work(&site);
    let second = Cable::with(Fault::None, Flash::default(), "a4:cf:12:00:00:02");
    let refused = site.provision(&second, &format!("{USUAL} -o json"));
    assert_eq!((refused.code, &refused.error()["code"]), (Some(5), &"camera_at_work".into()));

    let line = "--id cam-3 --name Gate --ssid 'Lot Wi-Fi' --password-file wrong --replace -o json";
    let wrong = site.provision(&second, line);
    assert_eq!(wrong.code, Some(9), "{wrong:?}");
    assert_eq!(site.json("camera get cam-3")["name"], "cam-3", "it is called as before");
    assert_eq!(tokens(&site), 1, "the first camera goes on with its token, and the unused one is gone");
    assert_eq!(second.flash(), Flash::default());

    let before = site.json("camera get cam-3")["contact"]["capture_id"].clone();
    let done = object(&site.provision(&second, &format!("{USUAL} --name Gate --replace -o json")));
    assert_ne!(done["capture"], before, "a picture of the new device");
    assert_eq!(site.json("camera get cam-3")["name"], "Gate");
    let new = second.flash().claim.expect("it is claimed").1;
    assert!(new != old && tokens(&site) == 1);
}

#[test]
fn settings_that_do_not_work_leave_a_working_camera_as_it_was() {
    let site = Site::new();
    let (cable, _) = at_work(&site);
    let before = cable.flash();
    let wrong = site.provision(&cable, "--id cam-9 --ssid 'Lot Wi-Fi' --password-file wrong -o json");
    assert_eq!(wrong.code, Some(9), "{wrong:?}");
    assert_eq!(cable.flash(), before);
}

#[test]
fn an_interruption_leaves_the_port_free_and_the_device_as_it_was_though_it_joins() {
    let site = Site::new();
    let claim = ("http://192.0.2.1".to_string(), "park_old".to_string(), "cam-9".to_string());
    let before = Flash { wifi: Some(("Guests".into(), String::new())), claim: Some(claim) };
    let cable = Cable::with(Fault::Joins(Duration::from_millis(400)), before.clone(), MACS[0]);
    let line = format!("{USUAL} --camera-url http://127.0.0.1:1");
    let until = |what: &str, is_so: &dyn Fn() -> bool| {
        let by = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < by, "{what}");
            std::thread::park_timeout(Duration::from_millis(10));
        }
    };
    let mut child =
        site.command(&cable.path, &line).stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("it runs");
    until("it is told to join", &|| cable.tries() > 0);
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(is_free(&cable.path));
    until("it joins all the same", &|| cable.joins() > 0);
    assert_eq!(cable.flash(), before);
}

#[test]
fn a_box_of_cameras_is_provisioned_one_after_the_other() {
    let site = Site::new();
    let port = site.folder.path().join("port");
    let rows = "id,zone,ssid\ncam-1,A,\ncam-2,B,\ncam-3,C,Nowhere\ncam-4,D,\n";
    std::fs::write(site.folder.path().join("cameras.csv"), rows).expect("a file");
    let line = "--csv cameras.csv --tries 2 --ssid 'Lot Wi-Fi' --password-file - -o json";
    let mut command = site.command(port.to_str().expect("a name"), line);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut stdin, PASSWORD.as_bytes()).expect("it reads the password, once for all");
    drop(stdin);
    let turns = [
        (MACS[0], Fault::None, "provisioned"),
        // Its cable is pulled, and it is plugged in again.
        (MACS[1], Fault::Unplugged, "device_gone"),
        (MACS[1], Fault::None, "provisioned"),
        (MACS[2], Fault::None, "wifi_not_found"),
        (MACS[3], Fault::None, "wifi_not_found"),
        (MACS[3], Fault::None, "provisioned"),
    ];
    let mut told = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().expect("a pipe")));
    for (mac, fault, came) in turns {
        let cable = Cable::with(fault, Flash::default(), mac);
        symlink(&cable.path, &port).expect("a link");
        let row: Value = serde_json::from_str(&told.next().expect("a row at once").expect("text")).expect("JSON");
        let word = row["code"].as_str().or(row["result"].as_str());
        assert_eq!((word, row["device"].as_str()), (Some(came), Some(mac)), "{row}");
        unplug(&port);
    }
    let done = crate::run::Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!(done.code, Some(9), "a row was skipped: {done:?}");
    let cameras = site.json("camera list");
    let ids: Vec<_> = cameras.as_array().expect("a list").iter().map(|camera| camera["id"].clone()).collect();
    assert_eq!(ids, ["cam-1", "cam-2", "cam-4"]);
}

const MACS: [&str; 4] = ["a4:cf:12:00:00:01", "a4:cf:12:00:00:02", "a4:cf:12:00:00:03", "a4:cf:12:00:00:04"];

#[test]
fn a_box_that_nobody_unpacks_ends_with_a_row_for_each_that_had_its_turn() {
    let site = Site::new();
    std::fs::write(site.folder.path().join("cameras.csv"), "id\ncam-1\ncam-2\n").expect("a file");
    let line = "--csv cameras.csv --ssid x --password-file wifi --timeout 0.4 -o json";
    let done = run(&mut site.command("/dev/ttyUSB99", line));
    assert_eq!(done.code, Some(7), "{done:?}");
    let row: Value = serde_json::from_str(&done.out).expect("one row");
    assert_eq!((&row["result"], &row["code"]), (&"failed".into(), &"not_plugged_in".into()));
    assert!(done.err.contains("not tried: cam-2"), "{done:?}");
    assert_eq!(site.json("camera list"), Value::Array(Vec::new()), "nothing is registered for it");
}

/// Pulls the cable for long enough to be noticed.
fn unplug(port: &PathBuf) {
    std::fs::remove_file(port).expect("the link");
    std::thread::park_timeout(Duration::from_millis(600));
}

#[test]
fn a_file_that_cannot_be_used_is_refused_before_anything_is_touched() {
    let site = Site::new();
    for (rows, said) in [
        ("id\ncam-1\ncam-1\n", "names camera cam-1 twice"),
        ("id\n", "has 0 rows"),
        ("name\nx\n", "missing field `id`"),
        ("id,password\ncam-1,x\n", "unknown field `password`"),
        ("id\nCam 1\n", "Cam 1"),
    ] {
        std::fs::write(site.folder.path().join("cameras.csv"), rows).expect("a file");
        let refused = run(&mut site.command("/dev/ttyUSB99", "--csv cameras.csv --ssid x --password-file wifi"));
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains(said), "{said}: {}", refused.err);
    }
}
