//! From the box to work, and back to work after whatever happened.

use std::format;
use std::string::String;

use improv::Command;

use super::super::*;
use super::world::{PASSWORD, SSID, Said, World, ok};

fn wifi<'a>(ssid: &'a str, password: &'a str) -> Command<'a> {
    Command::Wifi(improv::Wifi::new(ssid, password).expect("valid"))
}

fn claim<'a>(token: &'a str, camera: &'a str) -> Command<'a> {
    Command::Claim(improv::Claim::new("http://192.0.2.1", token, camera).expect("valid"))
}

#[test]
fn a_camera_from_the_box_is_set_up_and_sends_its_first_picture_at_once() {
    let mut world = World::new();
    world.run(10_000);
    assert_eq!((world.stored.len(), world.machine.settings().clone()), (0, Settings::default()));
    world.ask(&Command::Hello);
    assert_eq!(world.said(), ["0xc0: smart-parking | 1 | a4:cf:12:00:00:01 | 0 | health orders firmware authority"]);
    world.provision();
    let said = world.said();
    assert_eq!(&said[1..], ["Provisioning", "Provisioned", "0x1: http://192.0.2.7/", "0xc2: ok | -61"]);
    world.run(500);
    assert!(world.stored.len() == 1 && world.stored[0].ends_with("-0"), "{:?}", world.stored);
    assert_eq!(world.machine.settings().claim.expect("a claim").camera.as_str(), "cam-1");
}

#[test]
fn a_key_and_a_certificate_arrive_though_every_answer_is_late() {
    // Later than a client waits before it asks again.
    const LATE_MS: u64 = 1_300;
    let mut world = World::new();
    let mut client = std::boxed::Box::new(improv::Client::new());
    let certificate: std::vec::Vec<u8> = (0..500_u32).map(|at| at as u8).collect();
    let parts: std::vec::Vec<&[u8]> = certificate.chunks(improv::command::AUTHORITY_PART_MAX).collect();
    let mut commands = std::vec![claim("park_t", "cam-1"), Command::Trust([7; 32])];
    let authority = |(part, bytes)| Command::Authority { part, parts: parts.len() as u8, bytes };
    commands.extend((0..).zip(parts.iter().copied()).map(authority));
    let mut on_line = std::collections::VecDeque::<(u64, std::vec::Vec<u8>)>::new();
    for command in commands {
        let mut asked = Some(improv::client::Input::Ask { command, patience_ms: None });
        while asked.is_some() || client.is_busy() {
            let mut calls = std::vec::Vec::new();
            let mut hear = |input: improv::client::Input<'_>, now_ms: u64| {
                client.step(input, now_ms, &mut |output| match output {
                    improv::client::Output::Send(bytes) => calls.push(bytes.to_vec()),
                    improv::client::Output::Failed(failure) => panic!("{failure:?}"),
                    _ => {}
                });
            };
            hear(asked.take().unwrap_or(improv::client::Input::Tick), world.now_ms);
            while let Some((_, bytes)) = on_line.pop_front_if(|(due_ms, _)| *due_ms <= world.now_ms) {
                hear(improv::client::Input::Bytes(&bytes), world.now_ms);
            }
            calls.iter().for_each(|call| world.step(Input::Uart(call)));
            world.run(100);
            on_line.push_back((world.now_ms + LATE_MS, core::mem::take(&mut world.uart)));
        }
    }
    world.ask(&wifi(SSID, PASSWORD));
    world.run(500);
    world.ask(&Command::Check);
    world.run(500);
    world.restart(Reset::PowerOn);
    let settings = world.machine.settings();
    assert_eq!((settings.firmware_key, settings.authority.as_bytes()), (Some([7; 32]), &certificate[..]));
}

#[test]
fn a_network_that_does_not_let_it_in_leaves_a_working_camera_as_it_was() {
    let mut world = World::at_work();
    let before = world.machine.settings().clone();
    world.said();
    world.ask(&claim("park_other", "cam-9"));
    world.ask(&wifi(SSID, "wrong password"));
    world.run(2_000);
    assert_eq!(world.said()[1..], ["Provisioning", "unable to connect", "Provisioned"]);
    assert_eq!(*world.machine.settings(), before);
    world.run(60_000);
    assert_eq!(world.stored.len(), 2, "it is at work again");

    world.radio_answers = false;
    world.ask(&wifi("Nowhere", ""));
    world.run(26_000);
    world.radio_answers = true;
    assert_eq!(world.said().last().map(String::as_str), Some("Provisioned"));
    world.run(60_000);
    assert_eq!(*world.machine.settings(), before);
    assert!(world.stored.len() > 2);
}

#[test]
fn a_daemon_that_is_not_there_leaves_a_working_camera_as_it_was_though_the_network_lets_it_in() {
    let mut world = World::at_work();
    world.answers = [Said::Broken].into();
    world.run(180_000);
    let (before, waiting) = (world.machine.settings().clone(), world.machine.ring().frames().len());
    world.network.0 = "Other Wi-Fi".into();
    world.ask(&claim("park_other", "cam-9"));
    world.ask(&wifi("Other Wi-Fi", PASSWORD));
    world.run(1_000);
    world.said();
    world.ask(&Command::Check);
    world.run(500);
    assert_eq!(world.said(), ["0xc2: unreachable | -61"]);
    world.network.0 = SSID.into();
    world.log.clear();
    world.run(improv::device::TRIAL_MS + 1_000);
    assert!(world.log.contains(&"join Lot Wi-Fi".into()), "it goes back: {:?}", world.log);
    assert!(world.machine.ring().frames().len() >= waiting, "no picture is lost");
    assert_eq!(*world.machine.settings(), before);
    world.answers = [ok()].into();
    world.run(400_000);
    assert!(world.stored.len() > waiting && world.machine.ring().frames().len() <= 1, "it is at work again");
    assert_eq!(*world.machine.settings(), before);
}

#[test]
fn a_flash_that_takes_nothing_is_said_before_anybody_believes_it_and_leaves_all_as_it_was() {
    let mut world = World::new();
    world.store_fails = true;
    world.provision();
    assert_eq!(world.said().last().map(String::as_str), Some("settings not stored"));
    world.ask(&wifi(SSID, PASSWORD));
    world.run(500);
    assert_eq!(world.said(), ["Provisioning", "settings not stored", "Ready"]);
    assert_eq!(*world.machine.settings(), Settings::default());

    let mut world = World::at_work();
    let before = world.machine.settings().clone();
    let check = |world: &mut World| {
        world.ask(&claim("park_other", "cam-9"));
        world.said();
        world.ask(&Command::Check);
        world.run(500);
        world.said()
    };
    world.store_fails = true;
    assert_eq!(check(&mut world), ["settings not stored"]);
    assert_eq!(*world.machine.settings(), before);
    let stored = world.stored.len();
    world.run(120_000);
    assert!(world.stored.len() > stored, "it is at work as before");
    world.restart(Reset::PowerOn);
    assert_eq!(*world.machine.settings(), before);
    world.store_fails = false;
    world.run(15_000);
    assert_eq!(check(&mut world), ["0xc2: ok | -61"]);
    world.restart(Reset::PowerOn);
    assert_eq!(world.machine.settings().claim.expect("a claim").camera.as_str(), "cam-9");
}

#[test]
fn a_network_on_trial_that_drops_once_is_joined_once_more() {
    let mut world = World::new();
    world.ask(&claim("park_t", "cam-1"));
    world.ask(&wifi(SSID, PASSWORD));
    world.run(500);
    world.lose_network();
    world.run(500);
    world.ask(&Command::Check);
    world.run(500);
    assert_eq!(world.machine.settings().wifi.expect("it was stored").ssid.as_str(), SSID);
}

#[test]
fn a_check_says_how_far_the_camera_comes() {
    for (said, word) in [
        (Said::Status(401, None, String::new()), "refused"),
        (Said::Status(404, None, String::new()), "unknown_camera"),
        (Said::Status(502, None, String::new()), "failed"),
        (Said::Broken, "unreachable"),
    ] {
        let mut world = World::at_work();
        world.ask(&claim("park_new", "cam-2"));
        world.said();
        world.answers = [said].into();
        world.ask(&Command::Check);
        world.run(200);
        assert!(world.said()[0].starts_with(&format!("0xc2: {word} |")));
        assert_eq!(world.machine.settings().claim.expect("a claim").token.as_str(), "park_t", "nothing was stored");
    }
}

#[test]
fn pictures_for_one_daemon_are_never_sent_to_another() {
    let mut world = World::at_work();
    world.answers = [Said::Broken].into();
    world.run(180_000);
    assert!(world.machine.ring().frames().len() >= 2);
    world.ask(&claim("park_other", "cam-9"));
    world.answers = [ok()].into();
    world.ask(&Command::Check);
    world.run(10_000);
    assert_eq!(world.stored.len(), 2, "its first ever and the first for the other daemon: {:?}", world.stored);
    assert!(world.machine.ring().counts.dropped >= 2);
}

#[test]
fn a_network_that_goes_away_without_a_word_is_noticed_and_joined_again() {
    let mut world = World::at_work();
    assert_eq!(world.hostname, "camera-0001");
    world.ask(&Command::Hostname("north-3"));
    world.lose_network();
    assert!(!world.is_in);
    world.run(3_000);
    assert!(world.is_in && world.hostname == "north-3");

    // This one is there, and nothing comes through it.
    world.log.clear();
    world.answers = [Said::Broken].into();
    world.run(400_000);
    let joins = world.log.iter().filter(|deed| deed.starts_with("join")).count();
    assert!((1..=2).contains(&joins), "{joins}");
    world.answers = [ok()].into();
    world.run(400_000);
    assert!(world.machine.ring().frames().is_empty());
}

#[test]
fn a_network_that_comes_and_goes_is_joined_again_ever_more_patiently() {
    let mut world = World::at_work();
    world.network.1 = "changed meanwhile".into();
    world.lose_network();
    world.log.clear();
    world.run(3_600_000);
    let joins = world.log.iter().filter(|deed| deed.starts_with("join")).count();
    assert!((50..90).contains(&joins), "{joins}");
    assert!(world.log.iter().any(|deed| deed == "RestartRadio"));
    world.network.1 = PASSWORD.into();
    world.run(90_000);
    assert!(world.is_in && world.machine.ring().frames().is_empty(), "it is back and has sent what it kept");
}

#[test]
fn a_radio_that_says_nothing_is_restarted_with_the_camera() {
    let mut world = World::at_work();
    world.radio_answers = false;
    world.lose_network();
    world.run(600_000);
    assert_eq!(world.log.last().map(String::as_str), Some("Reboot(Radio)"));
    world.radio_answers = true;
    world.restart(Reset::Software);
    world.run(10_000);
    assert!(world.is_in);
}

#[test]
fn a_camera_that_keeps_failing_leaves_its_module_off_and_can_be_set_up_all_the_same() {
    let mut world = World::at_work();
    for _ in 0..crate::boots::FAILURES_MAX {
        world.restart(Reset::Crash);
        world.run(1_000);
    }
    assert_eq!(world.machine.mode(), Mode::Safe);
    world.log.clear();
    world.run(600_000);
    assert!(!world.log.iter().any(|deed| deed.starts_with("shoot")), "{:?}", world.log);
    assert!(world.requests.iter().any(|request| request.ends_with("/health")));
    world.said();
    world.ask(&wifi(SSID, PASSWORD));
    world.run(1_000);
    assert_eq!(world.said()[1], "Provisioned");
    let before = world.stored.len();
    world.run(1_900_000);
    assert_eq!(world.machine.mode(), Mode::Normal, "it tries again after a while");
    assert!(world.stored.len() > before);
    world.run(1_000_000);
    world.restart(Reset::Crash);
    world.run(1_000);
    assert_eq!(world.machine.mode(), Mode::Normal, "what was long ago is forgotten");
}

#[test]
fn a_weak_supply_means_fewer_pictures() {
    let mut world = World::at_work();
    for _ in 0..crate::boots::BROWNOUTS_MAX {
        world.restart(Reset::Brownout);
        world.run(1_000);
    }
    assert_eq!(world.machine.mode(), Mode::Gentle);
    let before = world.stored.len();
    world.run(3_600_000);
    assert!((29..=32).contains(&(world.stored.len() - before)), "every second picture");
    world.now_ms += crate::boots::GENTLE_MS;
    world.run(1_000);
    let before = world.stored.len();
    world.run(3_600_000);
    assert!((59..=62).contains(&(world.stored.len() - before)), "after a good day all of them");
}

#[test]
fn a_module_that_does_not_work_is_restarted_and_then_the_camera() {
    let mut world = World::at_work();
    world.camera_works = false;
    world.run(600_000);
    assert_eq!(world.log.iter().filter(|deed| *deed == "RestartCamera").count(), 5);
    assert_eq!(world.log.last().map(String::as_str), Some("Reboot(Camera)"));
    world.restart(Reset::Software);
    world.ask(&Command::State);
    world.run(1_000);
    assert!(world.said().contains(&"Provisioned".into()), "it talks all the same");
}
