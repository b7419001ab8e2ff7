//! New firmware on a simulated flash: fetched, tried, kept or given up.

use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use ed25519_dalek::{Signer, SigningKey};
use improv::Command;
use sha2::{Digest, Sha256};

use super::super::*;
use super::world::{Said, World, ok};
use crate::ota;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn image() -> Vec<u8> {
    (0..50_000_u32).map(|at| (at * 7) as u8).collect()
}

/// An answer that offers an image.
fn offer(signer: &SigningKey) -> Said {
    Said::Status(200, None, offered_as(signer, 1, false))
}

fn offered_as(signer: &SigningKey, attempt: u32, is_forced: bool) -> String {
    let sha256: [u8; 32] = Sha256::digest(image()).into();
    let text = ota::signed("aithinker", "0.2.0", 50_000, &sha256).expect("short");
    let (sha, signature) = (hex(&sha256), hex(&signer.sign(text.as_bytes()).to_bytes()));
    format!(
        r#"{{"orders":{{"interval_s":10,"firmware":{{"id":"f1","board":"aithinker","version":"0.2.0","bytes":50000,"sha256":"{sha}","signature":"{signature}","attempt":{attempt},"is_forced":{is_forced}}}}}}}"#
    )
}

/// A camera that trusts the key, and a daemon that offers the image.
fn offered(signer: &SigningKey) -> World {
    let mut world = World::new();
    world.ask(&Command::Trust(key().verifying_key().to_bytes()));
    world.provision();
    world.image = image();
    world.answers = [offer(signer)].into();
    world
}

fn did(world: &World, deed: &str) -> usize {
    world.log.iter().filter(|done| done.starts_with(deed)).count()
}

/// What the boot loader does after [`Output::StartUpdate`].
fn start_new(world: &mut World) {
    world.board.version = Text::cut("0.2.0");
    world.is_trial = true;
    world.restart(Reset::Software);
}

/// What it does when the new firmware did not say that it is valid.
fn start_old(world: &mut World) {
    world.board.version = Text::cut("0.1.0");
    world.is_trial = false;
    world.restart(Reset::Crash);
}

#[test]
fn a_signed_firmware_is_fetched_started_and_kept_once_the_daemon_has_a_picture_from_it() {
    let mut world = offered(&key());
    world.run(120_000);
    assert_eq!((did(&world, "BeginUpdate"), did(&world, "StartUpdate")), (1, 1));
    assert_eq!(did(&world, "WriteUpdate"), 50);
    start_new(&mut world);
    world.answers = [Said::Broken].into();
    world.run(60_000);
    assert_eq!(did(&world, "MarkValid"), 0, "no picture has arrived");
    world.answers = [ok()].into();
    world.run(120_000);
    assert_eq!(did(&world, "MarkValid"), 1);
    assert_eq!(world.machine.settings().tried, None);
    world.run(2_000_000);
    assert_eq!(did(&world, "GoBack"), 0);
}

#[test]
fn a_firmware_that_brings_no_picture_goes_back_and_is_tried_once_more_and_then_no_more() {
    let mut world = offered(&key());
    for tries in 1..=ota::TRIES_MAX {
        world.answers = [offer(&key())].into();
        world.run(120_000);
        assert_eq!(did(&world, "StartUpdate"), usize::from(tries));
        start_new(&mut world);
        world.answers = [Said::Broken].into();
        world.run(1_000_000);
        assert_eq!(world.log.last().map(String::as_str), Some("GoBack"));
        start_old(&mut world);
    }
    world.answers = [offer(&key())].into();
    world.run(1_000_000);
    assert_eq!(did(&world, "StartUpdate"), usize::from(ota::TRIES_MAX), "it is known to fail");
    assert!(!world.stored.is_empty(), "and the camera works");
    for (attempt, is_forced, starts) in [(2, false, 0), (3, true, 1), (3, true, 0)] {
        let before = did(&world, "StartUpdate");
        world.answers = [Said::Status(200, None, offered_as(&key(), attempt, is_forced))].into();
        world.run(7_200_000);
        assert_eq!(did(&world, "StartUpdate") - before, starts, "attempt {attempt}, forced: {is_forced}");
        if starts > 0 {
            // It is not started again by itself: the power was cut in between, twice.
            let attempt = world.machine.settings().tried.expect("it was tried").attempt;
            assert_eq!(attempt, 3);
            start_old(&mut world);
            world.run(7_200_000);
            start_old(&mut world);
        }
    }
}

#[test]
fn pictures_that_wait_are_sent_before_a_new_firmware_is_started() {
    let mut world = offered(&key());
    world.run_to("BeginUpdate");
    let owed = core::mem::take(&mut world.deeds);
    world.run(30_000);
    assert!(world.machine.ring().frames().len() >= 2);
    world.deeds.extend(owed);
    world.answers = [ok()].into();
    world.run(5_000);
    assert_eq!(did(&world, "StartUpdate"), 1);
    assert!(world.machine.ring().frames().is_empty(), "none was lost, and nothing was waited for");
}

#[test]
fn an_image_that_calls_itself_another_version_than_it_was_offered_as_is_fetched_once() {
    let mut world = offered(&key());
    world.run(120_000);
    start_new(&mut world);
    world.board.version = Text::cut("0.1.9");
    world.restart(Reset::Software);
    world.run(2_000_000);
    world.is_trial = false;
    world.restart(Reset::PowerOn);
    world.run(2_000_000);
    assert_eq!((did(&world, "MarkValid"), did(&world, "BeginUpdate")), (1, 1));
    // One that was flashed over the cable is not it.
    world.board.version = Text::cut("0.1.0");
    world.restart(Reset::PowerOn);
    world.run(120_000);
    assert_eq!(did(&world, "BeginUpdate"), 2);
}

#[test]
fn a_firmware_that_others_signed_or_that_was_changed_is_never_started() {
    let mut world = offered(&SigningKey::from_bytes(&[6; 32]));
    world.run(200_000);
    assert_eq!((did(&world, "BeginUpdate"), did(&world, "StartUpdate")), (0, 0));

    let mut world = offered(&key());
    world.image[77] ^= 1;
    world.run(60_000);
    assert!(did(&world, "AbortUpdate") > 0);
    assert_eq!(did(&world, "StartUpdate"), 0);
    world.image = vec![0; 60_000];
    world.run(600_000);
    assert_eq!(did(&world, "StartUpdate"), 0, "too long");
    world.image = image();
    world.run(7_200_000);
    assert_eq!(did(&world, "StartUpdate"), 1, "what was damaged on its way is fetched again");
}

#[test]
fn a_flash_that_cannot_be_written_leaves_the_camera_as_it_is() {
    let mut world = offered(&key());
    world.run_to("BeginUpdate");
    world.step(Input::UpdateFailed);
    world.answers = [ok()].into();
    world.run(200_000);
    assert_eq!(did(&world, "StartUpdate"), 0);
    assert!(world.stored.len() > 1);

    let mut world = offered(&key());
    world.run_to("BeginUpdate");
    world.store_fails = true;
    world.run(1_000_000);
    assert_eq!((did(&world, "StartUpdate"), world.machine.settings().tried), (0, None), "nobody would know of the try");
    world.store_fails = false;
    world.run(7_200_000);
    assert_eq!(world.machine.settings().tried.map(|tried| tried.tries), Some(1));
}
