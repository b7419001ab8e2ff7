//! `parkd occupancy replay`: a lot of mosaics, shown to a real daemon by real uploads.

use std::fmt::Write;
use std::path::Path;

use parking_api::regions::RegionsMode;
use serde_json::Value;

use super::{HEIGHT, WIDTH, jpeg, regions, yard};
use crate::harness::run;

const SIDE: usize = 96;
const SLOTS: usize = 4;
const MOMENTS: usize = 60;
/// Moments that a slot is free, and then occupied.
const SPELL: usize = 10;

/// One slot by itself, as sets of crops have it.
fn slot(is_occupied: bool, number: usize, seed: usize) -> Vec<u8> {
    let pixel = |at: usize| {
        let (x, y) = (at % SIDE, at / SIDE);
        let is_vehicle = is_occupied && (14..82).contains(&x) && (10..86).contains(&y);
        let luma = if is_vehicle {
            if ((x - 14) / 9 + (y - 10) / (10 + seed)).is_multiple_of(2) { 35 } else { 210 }
        } else {
            104 + x / 12
        };
        (luma + (at * 31 + number * 7919) % 5) as u8
    };
    jpeg(&(0..SIDE * SIDE).map(pixel).collect::<Vec<u8>>(), SIDE, SIDE)
}

fn is_occupied(slot: usize, moment: usize) -> bool {
    ((moment + slot * 3) / SPELL) % 2 == 1
}

pub fn write_set(folder: &Path) {
    let mut labels = String::from("file,camera,slot,timestamp,occupied\n");
    for moment in 0..MOMENTS {
        for number in 0..SLOTS {
            let file = format!("{number}_{moment}.jpg");
            let occupied = is_occupied(number, moment);
            std::fs::write(folder.join(&file), slot(occupied, moment, number)).expect("a picture");
            let time = format!("2026-11-23T{:02}:{:02}", 6 + moment * 5 / 60, moment * 5 % 60);
            writeln!(labels, "{file},Y,{number},{time},{}", u8::from(occupied)).expect("a row");
        }
    }
    std::fs::write(folder.join("labels.csv"), labels).expect("labels");
}

#[test]
fn a_mosaic_lot_follows_its_pictures_once_people_have_shown_it_how() {
    let folder = tempfile::tempdir().expect("a folder");
    write_set(folder.path());
    let set = folder.path().to_str().expect("a path");
    let output = run(folder.path(), &["occupancy", "replay", "--set", set, "--words", "30", "-o", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&report["pictures"], &report["pictures_that_said_nothing"]), (&MOMENTS.into(), &0.into()));
    let slots = report["slots"].as_array().expect("slots");
    assert_eq!(slots.len(), SLOTS);
    for slot in slots {
        let number = |key: &str| slot[key].as_u64().expect("a number");
        assert_eq!(slot["trust"], "automatic", "{slot}");
        assert!(number("pictures") > 15 && number("words") <= 30, "{slot}");
        // A change is believed with its second picture.
        assert!(number("right") + number("real_changes") >= number("pictures"), "{slot}");
        let changes = slot["changes"].as_array().expect("changes");
        let set: Vec<_> = changes.iter().filter(|change| change["is_set"] == true).collect();
        assert!(!set.is_empty() && set.iter().all(|change| change["is_right"] == true), "{slot}");
    }
    let pictures = tempfile::tempdir().expect("a folder");
    for moment in 0..MOMENTS / 3 {
        let occupied: &[&str] = if (3..=14).contains(&moment) { &["A-1"] } else { &[] };
        let picture = jpeg(&yard(occupied, moment), WIDTH, HEIGHT);
        let name = format!("gate 2026-11-23 {:02}-{:02}.jpg", 6 + moment * 5 / 60, moment * 5 % 60);
        std::fs::write(pictures.path().join(name), picture).expect("a picture");
    }
    let drawn = pictures.path().join("regions.json");
    std::fs::write(&drawn, serde_json::to_vec(&regions(RegionsMode::Auto)).expect("JSON")).expect("written");
    let [set, drawn] = [pictures.path(), &drawn].map(|path| path.to_str().expect("a path"));
    let output = run(folder.path(), &["occupancy", "replay", "--set", set, "--regions", drawn]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = told.lines().filter(|line| line.starts_with("2026-")).collect();
    let [comes, goes] = &lines[..] else { panic!("a car came once: {told}") };
    assert!(comes.starts_with("2026-11-23T06:20") && comes.contains("A-1          looks  occupied"), "{told}");
    assert!(goes.starts_with("2026-11-23T07:20") && goes.contains("A-1          looks  free"), "{told}");
    let output = run(folder.path(), &["occupancy", "replay", "--set", "/nowhere"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("neither labels.csv nor slots.json"));
}
