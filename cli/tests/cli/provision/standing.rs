//! What was there before: cameras at work, devices that work, a box of devices.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Site, USUAL, is_free, object};
use crate::cable::{Cable, Fault, Flash, SSID};
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

    let wrong = site.provision(&second, "--id cam-3 --ssid 'Lot Wi-Fi' --password-file wrong --replace -o json");
    assert_eq!(wrong.code, Some(9), "{wrong:?}");
    assert_eq!(tokens(&site), 1, "the first camera goes on with its token, and the unused one is gone");
    assert_eq!(second.flash(), Flash::default());

    let before = site.json("camera get cam-3")["contact"]["capture_id"].clone();
    let done = object(&site.provision(&second, &format!("{USUAL} --replace -o json")));
    assert_ne!(done["capture"], before, "a picture of the new device");
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
fn an_interruption_leaves_the_port_free_and_the_device_as_it_was() {
    let site = Site::new();
    let cable = Cable::plug(Fault::Endless);
    let mut child =
        site.command(&cable.path, USUAL).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("a pipe")));
    lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("[5/8]")).expect("it comes as far as that");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(is_free(&cable.path));
    assert_eq!(cable.flash(), Flash::default());
}

#[test]
fn a_box_of_cameras_is_provisioned_one_after_the_other() {
    let site = Site::new();
    let port = site.folder.path().join("port");
    let rows = "id,zone,ssid\ncam-1,A,\ncam-2,B,Nowhere\ncam-3,C,\n";
    std::fs::write(site.folder.path().join("cameras.csv"), rows).expect("a file");
    let line = "--csv cameras.csv --ssid 'Lot Wi-Fi' --password-file wifi -o json";
    let mut command = site.command(port.to_str().expect("a name"), line);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let macs = ["a4:cf:12:00:00:01", "a4:cf:12:00:00:02", "a4:cf:12:00:00:03"];
    let plugged: Vec<Cable> = macs.into_iter().map(|mac| plug_in_turn(&port, mac, mac == macs[1])).collect();
    let done = crate::run::Run::from(child.wait_with_output().expect("it ends"));
    assert_eq!(done.code, Some(9), "{done:?}");
    let rows: Value = serde_json::from_str(&done.out).expect("JSON");
    let of = |name: &str| rows.as_array().expect("a list").iter().map(|row| row[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("id"), ["cam-1", "cam-2", "cam-3"]);
    assert_eq!(of("result"), ["provisioned", "failed", "provisioned"]);
    assert_eq!(of("code"), [Value::Null, "wifi_not_found".into(), Value::Null]);
    assert_eq!(of("zone"), ["A", "B", "C"]);
    assert_eq!(plugged[2].flash().wifi.expect("it has Wi-Fi").0, SSID);
}

#[test]
fn a_box_that_nobody_unpacks_ends_with_a_row_for_each_that_had_its_turn() {
    let site = Site::new();
    std::fs::write(site.folder.path().join("cameras.csv"), "id\ncam-1\ncam-2\n").expect("a file");
    let line = "--csv cameras.csv --ssid x --password-file wifi --timeout 0.4 -o json";
    let done = run(&mut site.command("/dev/ttyUSB99", line));
    assert_eq!(done.code, Some(7), "{done:?}");
    let rows: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!((&rows[0]["result"], &rows[0]["code"]), (&"failed".into(), &"not_plugged_in".into()));
    assert!(rows[1].is_null() && done.err.contains("not tried: cam-2"), "{done:?}");
    assert_eq!(site.json("camera list"), Value::Array(Vec::new()), "nothing is registered for it");
}

/// Plugs a device in, waits until its turn is over, and unplugs it.
fn plug_in_turn(port: &PathBuf, mac: &'static str, fails: bool) -> Cable {
    let cable = Cable::with(Fault::None, Flash::default(), mac);
    symlink(&cable.path, port).expect("a link");
    let until = Instant::now() + PATIENCE;
    let is_over =
        || if fails { cable.tries() > 0 && is_free(&cable.path) } else { cable.uploads() > 0 && is_free(&cable.path) };
    while !is_over() {
        assert!(Instant::now() < until, "{mac} has its turn");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    std::fs::remove_file(port).expect("the link");
    std::thread::park_timeout(Duration::from_millis(600));
    cable
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
