//! What cameras see of slots, from the command line: drawn, looked at, learned from, and explained.

use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

use crate::cable::pty;
use crate::daemon::Daemon;
use crate::run::{Run, args, parkctl, run};

/// In a folder of its own.
fn ask_in(daemon: &Daemon, folder: &Path, line: &str) -> Run {
    run(parkctl(daemon.data_dir()).current_dir(folder).args(args(line)))
}

fn json_of(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run:?}");
    serde_json::from_str(&run.out).expect("JSON")
}

/// Two slots in the picture of a camera, the second one occupied.
fn site() -> (Daemon, tempfile::TempDir) {
    let daemon = Daemon::start();
    let folder = tempfile::tempdir().expect("a folder");
    for line in ["slot create A-01", "slot create A-02 --state occupied", "slot create A-03", "camera create cam-1"] {
        assert_eq!(daemon.ask(line).code, Some(0), "{line}");
    }
    let square = |left: f64| json!([[left, 0.2], [left + 0.3, 0.2], [left + 0.3, 0.8], [left, 0.8]]);
    let regions = json!([{"slot": "A-01", "polygon": square(0.1)}, {"slot": "A-02", "polygon": square(0.6)}]);
    std::fs::write(folder.path().join("regions.json"), regions.to_string()).expect("written");
    (daemon, folder)
}

#[test]
fn regions_go_from_a_file_to_the_daemon_and_back_and_to_another_camera() {
    let (daemon, folder) = site();
    let ask = |line: &str| ask_in(&daemon, folder.path(), line);
    let none = ask("camera regions get cam-1");
    assert!(none.err.contains("has no regions yet") && none.err.contains("occupancy by camera cam-1: off"), "{none:?}");
    let set = ask("camera regions set cam-1 regions.json");
    assert!(set.out.contains("A-01 A-02") && set.out.contains("off"), "the mode stays as it was: {set:?}");
    assert_eq!(json_of(&ask("camera occupancy cam-1 suggest -o json"))["mode"], "suggest");
    let set = json_of(&ask("camera regions set cam-1 regions.json -o json"));
    assert_eq!(set["mode"], "suggest", "drawing anew does not switch it off");
    let got = ask("camera regions get cam-1 -o json");
    assert_eq!(json_of(&got)["regions"][1]["slot"], "A-02");
    assert_eq!(daemon.ask("camera create cam-2").code, Some(0));
    std::fs::write(folder.path().join("got.json"), &got.out).expect("written");
    assert_eq!(ask("camera regions set cam-1 got.json").code, Some(0));
    let stale = ask("camera regions set cam-1 got.json -o json");
    assert_eq!(stale.error()["code"], "rev_stale", "they were drawn since: {stale:?}");
    let copied = json_of(&ask("camera regions set cam-2 got.json --mode auto -o json"));
    assert_eq!((&copied["mode"], &copied["regions"]), (&json!("auto"), &json_of(&got)["regions"]));
    let table = ask("camera regions get cam-2");
    assert!(table.out.contains("A-02  0.600,0.200 0.900,0.200"), "{}", table.out);
}

#[test]
fn a_file_that_holds_no_regions_is_refused_with_its_mistake() {
    let (daemon, folder) = site();
    for (text, said) in [
        ("{", "EOF"),
        ("{\"mode\": \"auto\"}", "missing field `regions`"),
        ("[{\"slot\": \"A-01\"}]", "missing field `polygon`"),
        ("{\"mode\": \"loud\", \"regions\": []}", "loud"),
    ] {
        std::fs::write(folder.path().join("bad.json"), text).expect("written");
        let refused = ask_in(&daemon, folder.path(), "camera regions set cam-1 bad.json -o json");
        let error = refused.error();
        assert_eq!((refused.code, &error["code"]), (Some(1), &json!("file_invalid")), "{refused:?}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(said)), "{said}: {error}");
    }
    std::fs::write(folder.path().join("bad.json"), "[{\"slot\": \"Z-9\", \"polygon\": []}]").expect("written");
    assert_eq!(ask_in(&daemon, folder.path(), "camera regions set cam-1 bad.json").code, Some(3));
}

#[test]
fn a_list_of_cameras_says_what_each_runs_and_what_it_may_do_on_a_terminal_of_usual_width() {
    let (daemon, folder) = site();
    let ask = |line: &str| ask_in(&daemon, folder.path(), line);
    assert_eq!(json_of(&ask("camera list -o json"))[0]["occupancy"], Value::Null, "no region was drawn yet");
    assert_eq!(ask("camera regions set cam-1 regions.json --mode suggest").code, Some(0));
    assert_eq!(ask("camera health cam-1 --firmware 1.4.2 --rssi -61").code, Some(0));
    assert_eq!(json_of(&ask("camera list -o json"))[0]["occupancy"], "suggest");
    assert!(ask("camera list -o csv").out.contains(",cam-1,,60,suggest,"));
    let shown = on_a_terminal(&daemon, "camera list", "1.4.2");
    for word in ["CAMERA", "STATUS", "EVERY", "MODE", "SEEN", "DBM", "FIRMWARE", "suggest"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
}

#[test]
fn a_preview_shows_each_region_in_the_colour_of_its_slot() {
    let (daemon, folder) = site();
    let ask = |line: &str| ask_in(&daemon, folder.path(), line);
    assert_eq!(ask("camera regions set cam-1 regions.json").code, Some(0));
    let nothing = ask("camera regions preview cam-1 -o regions.png");
    assert_eq!(nothing.code, Some(3), "there is no picture yet: {nothing:?}");
    image::RgbImage::from_pixel(400, 300, image::Rgb([40, 40, 60]))
        .save(folder.path().join("yard.png"))
        .expect("saved");
    assert_eq!(ask("capture upload yard.png --camera cam-1").code, Some(0));
    let saved = ask("camera regions preview cam-1 -o regions.png");
    assert!(saved.code == Some(0) && saved.err.contains("2 regions of camera cam-1 (off)"), "{saved:?}");
    let picture = image::open(folder.path().join("regions.png")).expect("a picture").to_rgb8();
    assert_eq!(picture.dimensions(), (400, 300));
    assert_eq!(picture.get_pixel(60, 60).0, [80, 220, 100], "a free slot is green");
    assert_eq!(picture.get_pixel(300, 60).0, [255, 90, 90], "an occupied one is red");
    assert_eq!(picture.get_pixel(10, 10).0, [40, 40, 60]);
    let unseen = ask("camera regions preview cam-1 -o json");
    assert_eq!(unseen.code, Some(0), "here -o names a file: {unseen:?}");
    let nobody = ask("camera regions preview cam-1");
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.err.contains("-o FILE"), "{nobody:?}");
    let shown = on_a_terminal(&daemon, "camera regions preview cam-1", "2 regions of camera cam-1");
    assert!(shown.contains("38;2;80;220;100") && shown.contains("38;2;255;90;90"), "both colours: {shown}");
}

/// What somebody sees who types this, until `end` is there.
fn on_a_terminal(daemon: &Daemon, line: &str, end: &str) -> String {
    let (mut screen, terminal, _) = pty();
    let size = rustix::termios::Winsize { ws_row: 40, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&terminal, size).expect("a size");
    let copy = || terminal.try_clone().expect("one more");
    let mut command = parkctl(daemon.data_dir());
    command.args(args(line)).env("TERM", "xterm-256color");
    let mut child = command.stdin(copy()).stdout(copy()).stderr(copy()).spawn().expect("it runs");
    let (mut text, mut bytes) = (String::new(), [0; 4096]);
    while !text.contains(end) {
        let count = screen.read(&mut bytes).expect("it shows something");
        text.push_str(&String::from_utf8_lossy(&bytes[..count]));
    }
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{text}");
    text
}

#[test]
fn an_empty_lot_is_shown_to_its_camera_in_one_command_and_every_slot_says_why() {
    let (daemon, folder) = site();
    let ask = |line: &str| ask_in(&daemon, folder.path(), line);
    assert_eq!(ask("camera regions set cam-1 regions.json --mode suggest").code, Some(0));
    let begun = ask("camera calibrate cam-1 --free A-01..A-03");
    assert!(
        begun.code == Some(0) && begun.out.contains("A-01 A-02") && begun.err.contains("next 3 pictures"),
        "{begun:?}"
    );
    assert_eq!(json_of(&ask("slot get A-02 -o json"))["state"], "free", "it was said to be free");
    assert_eq!(json_of(&ask("camera calibrate cam-1 --free all -o json"))["slots"], json!(["A-01", "A-02"]));
    assert_eq!(ask("slot set A-02 --state reserved").code, Some(0));
    let skipped = ask("camera calibrate cam-1 --free all");
    assert!(skipped.code == Some(0) && skipped.err.contains("reserved or closed: A-02"), "{skipped:?}");
    for (line, exit, said) in [
        ("camera calibrate cam-1 --free A-03", 1, "A-03"),
        ("camera calibrate cam-1 --free A-03..A-01", 2, "A-01 stands before A-03"),
        ("camera calibrate cam-1 --free A-03..A-03", 2, "no region for any of these"),
        ("camera calibrate cam-1 --free A-01..Z-9", 3, "there is no slot Z-9"),
    ] {
        let refused = ask(line);
        assert!(refused.code == Some(exit) && refused.err.contains(said), "{line}: {refused:?}");
    }
    let why = ask("slot why A-01");
    for part in ["slot     A-01", "○ free", "cam-1 (occupancy suggest)", "trust   ", "seen    not yet"] {
        assert!(why.out.contains(part), "{part:?}: {}", why.out);
    }
    assert_eq!(json_of(&ask("slot why A-01 -o json"))["views"][0]["camera"], "cam-1");
    let unseen = ask("slot why A-03");
    assert!(unseen.code == Some(0) && unseen.err.contains("no camera has a region for it"), "{unseen:?}");
}
