//! The whole way with the camera's own core: what the board runs, on a pty, with real HTTP to a real daemon.

use std::path::Path;
use std::time::{Duration, Instant};

use virtual_cam::bench::Seen;
use virtual_cam::{Bench, Cam, Faults, Flash, Options, Pictures};

use super::{QUICK, Site, USUAL, object};
use crate::cable::{PASSWORD, SSID};
use crate::run::run;
use crate::tls::{Nginx, certify};

const PATIENCE: Duration = Duration::from_secs(60);

fn plug(faults: Faults, flash: Flash) -> Bench {
    let cam = Cam::new(Options { faults, ..Options::default() }, flash, Pictures::drawn(0));
    Bench::start(cam, None).expect("a camera on a cable")
}

/// Waits until that is so.
fn until(bench: &Bench, what: &str, is_so: impl Fn(&Seen) -> bool) {
    let by = Instant::now() + PATIENCE;
    while !is_so(&bench.seen()) {
        assert!(Instant::now() < by, "{what}: {:?}", bench.seen());
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

fn provision(site: &Site, bench: &Bench, line: &str) -> serde_json::Value {
    let port = bench.path().to_str().expect("a name");
    object(&run(&mut site.command(port, &format!("{line} -o json"))))
}

#[test]
fn the_core_of_the_board_goes_from_the_box_to_its_first_picture_and_remembers_it_without_power() {
    let site = Site::new();
    let file = site.folder.path().join("flash");
    let bench = plug(Faults::default(), Flash::open(&file).expect("a file"));
    let done = provision(&site, &bench, USUAL);
    assert_eq!((&done["result"], &done["rssi_dbm"]), (&"provisioned".into(), &(-61).into()));
    assert_eq!(done["ssid"], SSID);
    let settings = bench.seen().settings;
    assert_eq!(&*settings.wifi.expect("it has Wi-Fi").password, PASSWORD);
    assert_eq!(&*settings.claim.expect("it is claimed").camera, "cam-3");
    drop(bench);

    let before = site.json("camera get cam-3")["contact"]["capture_id"].clone();
    // Another start, and so another chance.
    let cam =
        Cam::new(Options { seed: 2, ..Options::default() }, Flash::open(&file).expect("a file"), Pictures::drawn(0));
    let bench = Bench::start(cam, None).expect("a camera on a cable");
    until(&bench, "it is at work by itself", |seen| seen.accepted > 0);
    assert_ne!(site.json("camera get cam-3")["contact"]["capture_id"], before);
}

#[test]
fn an_address_that_is_wrong_leaves_a_working_camera_at_work() {
    let site = Site::new();
    let bench = plug(Faults::default(), Flash::in_memory());
    provision(&site, &bench, &format!("{USUAL} --interval 1"));
    let before = bench.seen().settings;
    let port = bench.path().to_str().expect("a name");
    let wrong = run(&mut site.command(port, &format!("{USUAL} --camera-url http://127.0.0.1:1 --replace -o json")));
    assert_eq!((wrong.code, &wrong.error()["code"]), (Some(9), &"daemon_unreachable_from_camera".into()), "{wrong:?}");
    let after = bench.seen();
    assert_eq!(after.settings, before, "its flash is as it was");
    until(&bench, "it goes on", |seen| seen.accepted > after.accepted);
}

#[test]
fn the_core_is_handed_a_key_and_an_authority_and_uploads_over_tls_to_none_but_whom_that_vouches_for() {
    let site = Site::new();
    let nginx = Nginx::before(&site.daemon);
    let flash = site.folder.path().join("flash");
    let bench = plug(Faults::default(), Flash::open(&flash).expect("a file"));
    let port = bench.path().to_str().expect("a name");
    let key = "07".repeat(32);
    let trust = |authority: &Path| {
        format!("--camera-url {} --firmware-key {key} --camera-ca {} -o json", nginx.url, authority.display())
    };
    certify(site.folder.path());
    let other = run(&mut site.command(port, &format!("{QUICK} {}", trust(&site.folder.path().join("ca.pem")))));
    assert_ne!(other.code, Some(0), "{other:?}");
    let settings = bench.seen().settings;
    assert_eq!((settings.claim, settings.authority.as_bytes()), (None, &[][..]), "nothing is kept");

    let line = format!("--id cam-4 --ssid 'Lot Wi-Fi' --password-file wifi {}", trust(&nginx.authority()));
    assert_eq!(object(&run(&mut site.command(port, &line)))["result"], "provisioned");
    drop(bench);
    let bench = plug(Faults::default(), Flash::open(&flash).expect("a file"));
    until(&bench, "it is at work by itself", |seen| seen.accepted > 0);
    let settings = bench.seen().settings;
    assert_eq!(settings.firmware_key, Some([7; 32]));
    assert!(settings.authority.as_bytes().len() > 200 && settings.claim.is_some_and(|claim| *claim.url == *nginx.url));
}

#[test]
fn a_flash_that_stores_nothing_fails_the_check_and_what_was_registered_is_taken_back() {
    let site = Site::new();
    let bench = plug(Faults { store_fails: 1_000, ..Faults::default() }, Flash::in_memory());
    let port = bench.path().to_str().expect("a name");
    let failed = run(&mut site.command(port, &format!("{USUAL} -o json")));
    let error = failed.error();
    assert_eq!((failed.code, &error["code"]), (Some(9), &"settings_not_stored".into()), "{failed:?}");
    let text = |name: &str| error[name].as_str().expect("a text");
    assert!(text("message").starts_with("step 7 of 8 (check), "), "{error}");
    assert!(text("hint").contains("flash is worn out"), "{error}");
    assert_eq!(site.json("camera list"), serde_json::json!([]), "nothing stays registered");
    assert_eq!(bench.seen().settings.claim, None);
    let mut wifi = crate::run::parkctl(site.daemon.data_dir());
    wifi.current_dir(site.folder.path()).args(["camera", "wifi", "--port", port, "-o", "json"]);
    let alone = run(wifi.args(["--ssid", SSID, "--password-file", "wifi"]));
    assert_eq!((alone.code, &alone.error()["code"]), (Some(9), &"settings_not_stored".into()), "{alone:?}");
}

#[test]
fn bytes_that_the_cable_loses_and_joins_that_fail_are_put_up_with() {
    let site = Site::new();
    let bench = plug(Faults { uart_noise: 2, ..Faults::default() }, Flash::in_memory());
    assert_eq!(provision(&site, &bench, USUAL)["result"], "provisioned");
}

#[test]
fn a_daemon_that_is_gone_for_a_while_loses_no_picture() {
    let mut site = Site::new();
    let bench = plug(Faults::default(), Flash::in_memory());
    provision(&site, &bench, "--id cam-3 --interval 1 --ssid 'Lot Wi-Fi' --password-file wifi");
    site.daemon.kill();
    until(&bench, "pictures wait", |seen| seen.waiting >= 3);
    site.daemon.restart();
    until(&bench, "they have arrived", |seen| seen.waiting == 0);
    let accepted = bench.seen().accepted as usize;
    let stored = site.json("capture list --limit 1000").as_array().expect("a list").len();
    // One more may have arrived between the two looks.
    assert!(accepted >= 4 && (accepted..=accepted + 2).contains(&stored), "{accepted} accepted, {stored} stored");
}
