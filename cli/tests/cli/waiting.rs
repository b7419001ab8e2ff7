//! `wait`, `capture watch` and their ends.

use std::path::Path;

use serde_json::Value;

use crate::daemon::Daemon;
use crate::following::Following;
use crate::run::{args, parkctl};

const PICTURES: [&str; 2] = ["bays.jpg", "bays.png"];

fn picture(name: &str) -> String {
    format!("{}/tests/live/captures.in/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn done(daemon: &Daemon, line: &str) {
    let run = daemon.ask(line);
    assert_eq!(run.code, Some(0), "{line}: {run:?}\n{}", daemon.log());
}

#[test]
fn a_wait_ends_when_it_is_so_and_with_10_when_it_is_not_in_time() {
    let daemon = Daemon::with_slots();
    let wait = |condition: &str, rest: &str| daemon.ask(&format!("wait --for '{condition}' {rest}"));
    let at_once = wait("free>0", "--timeout 30s -o json");
    assert_eq!(at_once.code, Some(0), "{at_once:?}");
    let met: Value = serde_json::from_str(&at_once.out).expect("JSON");
    assert_eq!((&met["condition"], &met["value"]), (&Value::from("free>0"), &Value::from("1")));

    let mut late = wait("free>4", "--timeout 0.3 -o json");
    late.err = late.err.lines().last().expect("a line").into();
    assert_eq!((late.code, late.error()["code"].as_str()), (Some(10), Some("not_met")), "{late:?}");
    assert!(late.error()["message"].as_str().is_some_and(|text| text.ends_with("it is 1")), "{late:?}");
    for (condition, exit) in
        [("slot Z-9 is free", 3), ("camera cam-9 is online", 3), ("free>0 in zone Q", 3), ("free", 2)]
    {
        let refused = wait(condition, "--timeout 30s -o json");
        assert_eq!(refused.code, Some(exit), "{condition}: {refused:?}");
        let code = if exit == 3 { "nothing_to_wait_for" } else { "usage" };
        assert_eq!(refused.error()["code"], code, "{condition}");
    }
}

#[test]
fn a_wait_sees_the_change_and_outlives_the_daemon() {
    let mut daemon = Daemon::with_slots();
    let mut wait = Following::start(parkctl(daemon.data_dir()).args(args("wait --for")).arg("slot A-01 is closed"));
    assert_eq!(wait.says("waiting "), "waiting until slot A-01 is closed; it is free");
    done(&daemon, "slot set A-01 --state closed");
    assert_eq!(wait.says("slot A-01 is closed"), "slot A-01 is closed: it is closed");
    assert_eq!(wait.end().1, Some(0));

    let mut wait = Following::start(parkctl(daemon.data_dir()).args(args("wait --timeout 60s --for")).arg("free=5"));
    wait.says("waiting ");
    daemon.kill();
    wait.says("offline: ");
    daemon.restart();
    done(&daemon, "slot set A-01 A-02 B-01 B-02 C-10 --state free");
    assert_eq!(wait.says("free=5"), "free=5: it is 5");
    assert_eq!(wait.end().1, Some(0));
}

fn pictures_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|file| file.expect("an entry").file_name().into_string().expect("text"))
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn pictures_are_saved_once_each_and_a_later_run_goes_on_where_the_last_one_ended() {
    let daemon = Daemon::start();
    done(&daemon, "camera create cam-1");
    let folder = daemon.data_dir().join("pictures");
    let watch = |count: u32| {
        let line = format!("capture watch --save {} --count {count} -o json", folder.display());
        let mut watch = Following::start(parkctl(daemon.data_dir()).args(args(&line)));
        watch.says("watching captures of lot main ");
        watch
    };
    done(&daemon, &format!("capture upload {}", picture(PICTURES[0])));
    let mut first = watch(1);
    done(&daemon, &format!("capture upload --camera cam-1 {}", picture(PICTURES[0])));
    let line: Value = serde_json::from_str(&first.line()).expect("JSON");
    assert_eq!(first.end().1, Some(0));
    let file = line["file"].as_str().expect("a file").to_string();
    assert_eq!(line["camera"], "cam-1");
    assert_eq!(std::fs::read(&file).expect("there").len() as u64, line["bytes"].as_u64().expect("a size"));
    assert_eq!(pictures_in(&folder).len(), 1, "what came before the first run is not fetched");

    // Nobody watches while these come.
    done(&daemon, &format!("capture upload --camera cam-1 {} {}", picture(PICTURES[1]), picture(PICTURES[0])));
    let mut second = watch(2);
    let caught: Vec<Value> = (0..2).map(|_| serde_json::from_str(&second.line()).expect("JSON")).collect();
    assert_eq!(second.end().1, Some(0));
    assert!(caught[0]["rev"].as_u64() < caught[1]["rev"].as_u64());
    let names = pictures_in(&folder);
    assert_eq!((names.len(), names.iter().filter(|name| name.ends_with(".png")).count()), (3, 1), "{names:?}");
    assert!(names.iter().all(|name| name.contains("_cam-1_")), "{names:?}");

    let other = daemon.ask(&format!("capture watch --save {} --lot other", folder.display()));
    assert_eq!(other.code, Some(2), "{other:?}");
    let timed = daemon.ask(&format!("capture watch --save {} --count 1 --for 0.2", folder.display()));
    assert_eq!(timed.code, Some(7), "{timed:?}");
}
