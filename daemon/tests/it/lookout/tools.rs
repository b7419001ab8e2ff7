//! `parkd occupancy train` and `eval`, on sets in both forms, and the daemon that judges by what was trained.

use std::path::Path;

use serde_json::{Value, json};

use super::replay::write_set;
use super::{HEIGHT, SIDE, SLOTS, TOP, WIDTH, jpeg, yard};
use crate::harness::run;

/// Pictures of one slot in a sequence: free in the first half, occupied in the second.
const FRAMES: usize = 10;

/// Two mornings of a yard, as `slots.json` has them.
fn write_frames(folder: &Path) {
    let mut frames = Vec::new();
    for number in 0..2 * FRAMES {
        let is_occupied = number % FRAMES >= FRAMES / 2;
        let file = format!("{number}.jpg");
        let picture = yard(if is_occupied { &["A-1"] } else { &[] }, number);
        std::fs::write(folder.join(&file), jpeg(&picture, WIDTH, HEIGHT)).expect("a picture");
        let slots = SLOTS.map(|(slot, left)| {
            let (right, bottom) = (left + SIDE, TOP + SIDE);
            let polygon = [[left, TOP], [right, TOP], [right, bottom], [left, bottom]];
            json!({"id": slot, "occupied": is_occupied && slot == "A-1", "polygon": polygon})
        });
        let sequence = format!("the morning of day {}", number / FRAMES);
        frames.push(json!({"file": file, "width": WIDTH, "height": HEIGHT, "sequence": sequence, "slots": slots}));
    }
    std::fs::write(folder.join("slots.json"), Value::from(frames).to_string()).expect("labels");
}

#[test]
fn training_can_be_repeated_and_what_it_learned_is_measured_and_served() {
    let (crops, frames) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    write_set(crops.path());
    write_frames(frames.path());
    let [set, yards] = [&crops, &frames].map(|folder| folder.path().to_str().expect("a path"));
    let ask = |args: &[&str]| {
        let output = run(crops.path(), args);
        let text = String::from_utf8(output.stdout).expect("text");
        (output.status.success(), text, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let models = ["one.json", "two.json"].map(|name| {
        let file = crops.path().join(name);
        let (is_done, _, error) = ask(&["occupancy", "train", "--set", set, "-o", file.to_str().expect("a path")]);
        assert!(is_done, "{error}");
        (std::fs::read(&file).expect("a model"), file.display().to_string())
    });
    assert!(models[0].0 == models[1].0, "the same pictures and seed give the same file");
    let model = models[0].1.as_str();
    let eval = ["occupancy", "eval", "--set", yards, "--model", model, "--reference", "3", "-o", "json"];
    let (is_done, said, error) = ask(&eval);
    assert!(is_done, "{error}");
    let said: Value = serde_json::from_str(&said).expect("JSON");
    let report = &said["report"];
    assert_eq!(
        (&report["slots"], &report["unjudged"], &report["all"]["accuracy"]),
        (&json!(2), &json!(0), &json!(1.0))
    );
    assert_eq!(report["per_slot"].as_array().map(Vec::len), Some(4), "two slots on two days: {report}");
    let flips = &report["flips"];
    assert_eq!((&flips["real"], &flips["settled_missed"]), (&json!(2), &json!(0)), "a night is no change: {flips}");
    assert!(said["ms_per_picture"].as_f64().is_some_and(|ms| ms > 0.0), "{said}");
    for kind in ["shift", "half"] {
        let (is_done, said, error) = ask(&[&eval[..], &["--disturb", kind]].concat());
        assert!(is_done, "{error}");
        let said: Value = serde_json::from_str(&said).expect("JSON");
        assert!(said["report"]["all"]["accuracy"].as_f64() >= Some(0.97) && said["disturbance"] == *kind, "{said}");
    }
    let (is_done, said, _) = ask(&["config", "--occupancy-model", model]);
    assert!(is_done && said.lines().any(|line| line.contains("PARKD_OCCUPANCY_MODEL") && line.contains("one.json")));
    let data = crops.path().join("data");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().expect("a path"), "--occupancy-model"];
    let (is_done, _, error) = ask(&[&serve[..], &[&format!("{set}/labels.csv")]].concat());
    assert!(!is_done && error.contains("this is no model"), "{error}");
}
