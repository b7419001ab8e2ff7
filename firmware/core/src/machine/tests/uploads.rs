//! Pictures and their way to the daemon.

use std::string::String;

use super::super::*;
use super::world::{BUDGET, Said, World, ok};

fn status(status: u16) -> Said {
    Said::Status(status, None, String::new())
}

#[test]
fn a_day_of_pictures_arrives_each_once_and_in_order() {
    let mut world = World::at_work();
    world.run(24 * 3_600_000);
    let numbers: std::vec::Vec<u32> =
        world.stored.iter().map(|key| key.split_once('-').expect("a key").1.parse().expect("a number")).collect();
    assert!((1_440..=1_441).contains(&numbers.len()), "{}", numbers.len());
    assert!(numbers.iter().enumerate().all(|(at, number)| at as u32 == *number));
    assert_eq!(world.again, 0);
}

#[test]
fn an_hour_without_a_daemon_loses_only_what_does_not_fit() {
    let mut world = World::at_work();
    world.answers = [Said::Broken].into();
    world.run(3_600_000);
    let ring = world.machine.ring();
    assert_eq!((ring.frames().len(), ring.bytes()), (10, BUDGET), "the newest that fit");
    let newest = ring.taken() - 1;
    assert_eq!(ring.frames().last().map(|frame| frame.number), Some(newest));
    world.answers = [ok()].into();
    world.run(360_000);
    let ring = world.machine.ring();
    assert!(ring.frames().is_empty());
    assert_eq!(ring.counts.accepted + ring.counts.dropped, ring.taken());
}

#[test]
fn a_picture_whose_answer_was_lost_is_the_same_picture_when_it_is_sent_again() {
    let mut world = World::at_work();
    world.stored.clear();
    world.answers = [Said::Lost, Said::Lost, ok()].into();
    world.run(75_000);
    assert_eq!(world.stored.len(), 1, "{:?}", world.stored);
    assert!(world.machine.ring().frames().is_empty());
}

#[test]
fn a_daemon_that_asks_for_patience_is_given_it() {
    let mut world = World::at_work();
    world.answers = [Said::Status(503, Some(120), String::new()), ok()].into();
    let before = world.requests.len();
    while world.requests.len() == before {
        world.run(1_000);
    }
    world.run(118_000);
    assert_eq!(world.requests.len(), before + 1, "not a word for two minutes");
    world.run(5_000);
    assert!(world.requests.len() > before + 1);
}

#[test]
fn a_camera_that_is_not_welcome_stops_says_so_and_asks_now_and_then() {
    let mut world = World::at_work();
    world.answers = [status(401)].into();
    world.run(120_000);
    world.requests.clear();
    world.uart.clear();
    world.run(3_600_000);
    assert!(world.requests.len() <= 4 && world.requests.iter().all(|r| r.ends_with("/health")), "{:?}", world.requests);
    assert!(String::from_utf8_lossy(&world.uart).contains("the daemon refuses this camera: set it up again"));
    world.requests.clear();
    world.answers = [status(422)].into();
    world.run(900_000);
    assert!(world.requests.len() < 100, "what is not understood is not said over and over");
    world.answers = [ok()].into();
    world.run(900_000);
    assert!(world.machine.ring().frames().is_empty(), "it was let in again");
}

#[test]
fn a_picture_that_is_too_large_is_dropped_and_the_next_ones_are_smaller() {
    let mut world = World::at_work();
    world.log.clear();
    world.answers = [status(413), status(413), ok()].into();
    world.run(200_000);
    let shots: std::vec::Vec<_> = world.log.iter().filter(|deed| deed.starts_with("shoot")).collect();
    assert_eq!(shots.last().map(|shot| shot.as_str()), Some("shoot 2"), "{shots:?}");
    assert_eq!(world.machine.ring().counts.refused, 2);
}

#[test]
fn a_picture_that_is_refused_does_not_stand_in_the_way() {
    let mut world = World::at_work();
    world.stored.clear();
    world.answers = [status(422), ok()].into();
    world.run(150_000);
    assert_eq!((world.stored.is_empty(), world.machine.ring().counts.refused), (false, 1));
}

#[test]
fn the_daemon_says_how_often_and_when_to_look_now() {
    let mut world = World::at_work();
    let orders = r#"{"seq":1,"orders":{"interval_s":10,"capture":3}}"#;
    world.answers = [Said::Status(201, None, orders.into())].into();
    world.run(60_000);
    world.stored.clear();
    world.run(100_000);
    assert!((10..=11).contains(&world.stored.len()), "the wish is granted once: {:?}", world.stored);
    assert_eq!(world.machine.settings().interval_s, 10);
    world.restart(Reset::PowerOn);
    assert_eq!(world.machine.settings().interval_s, 10, "it remembers");
    let more = r#"{"orders":{"interval_s":3600,"capture":4}}"#;
    world.answers = [Said::Status(201, None, more.into())].into();
    world.run(10_000);
    world.stored.clear();
    world.run(20_000);
    assert!(world.stored.len() <= 1, "{:?}", world.stored);
}

#[test]
fn a_connection_that_never_ends_is_given_up_and_then_the_camera_restarts() {
    let mut world = World::at_work();
    world.answers = [Said::Never].into();
    world.run(600_000);
    assert_eq!(world.log.last().map(String::as_str), Some("Reboot(Network)"));
}

#[test]
fn a_picture_for_which_there_is_no_memory_is_counted() {
    let mut world = World::at_work();
    world.answers = [Said::Broken].into();
    world.run(60_000);
    let slot = world.machine.ring().frames().last().expect("one waits").slot;
    world.kept.remove(&slot);
    world.step(Input::Unkept { slot });
    let ring = world.machine.ring();
    assert_eq!(ring.counts.dropped + ring.counts.accepted + ring.frames().len() as u32, ring.taken());
}

#[test]
fn the_line_of_text_and_the_light_say_how_it_goes() {
    let mut world = World::at_work();
    world.uart.clear();
    world.run(65_000);
    let text = String::from_utf8_lossy(&world.uart).into_owned();
    assert!(text.contains("camera: well: pictures arrive; -61 dBm, 0 waiting, "), "{text}");
    world.answers = [Said::Broken].into();
    world.run(125_000);
    world.step(Input::StoreFailed);
    world.run(1_000);
    let text = String::from_utf8_lossy(&world.uart).into_owned();
    assert!(text.contains("the daemon does not answer") && text.contains("CANNOT BE STORED"), "{text}");
}
