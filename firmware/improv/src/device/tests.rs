//! What a device says and does, packet by packet.

extern crate std;
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

use super::*;
use crate::command::Command;
use crate::frame::{Frame, Wire, kind};
use crate::message::Message;
use crate::parse::Found;

/// A device, what is true of it, and what it said and did.
struct Stage {
    device: Device,
    facts: Facts<'static>,
    now_ms: u64,
}

const FRESH: Facts<'static> = Facts {
    firmware: "smart-parking-cam",
    version: "0.1.0",
    chip: "ESP32",
    name: "camera1",
    hostname: "cam-1",
    device: "a4:cf:12:00:00:01",
    capabilities: "health",
    is_claimed: false,
    is_provisioned: false,
    is_online: false,
    url: "",
    rssi_dbm: None,
};

impl Stage {
    fn new(facts: Facts<'static>) -> Self {
        Self { device: Device::new(), facts, now_ms: 1_000 }
    }

    fn step(&mut self, input: Input<'_>) -> Vec<String> {
        let mut seen = Vec::new();
        self.device.step(input, &self.facts, self.now_ms, &mut |output| seen.push(shown(output)));
        seen
    }

    fn ask(&mut self, command: Command<'_>) -> Vec<String> {
        self.step(Input::Bytes(command.encode().expect("valid").as_bytes()))
    }

    fn after(&mut self, ms: u64) -> Vec<String> {
        self.now_ms += ms;
        self.step(Input::Tick)
    }
}

/// One line for each deed; packets in words.
fn shown(output: Output<'_>) -> String {
    let Output::Send(bytes) = output else { return format!("{output:?}") };
    let mut text = String::new();
    Parser::new().feed(bytes, |found| {
        if let Found::Frame(frame) = found {
            text = match Message::parse(frame).expect("a message") {
                Message::Answer(answer) => {
                    let texts: Vec<_> = answer.texts().map(|text| str::from_utf8(text).expect("UTF-8")).collect();
                    format!("{:#x}: {}", answer.command, texts.join(" | "))
                }
                Message::State(state) => format!("{state:?}"),
                Message::Error(error) => format!("error: {error}"),
                call @ Message::Call { .. } => format!("{call:?}"),
            };
        }
    });
    text
}

fn wifi() -> Command<'static> {
    Command::Wifi(Wifi::new("Lot Wi-Fi", "hunter22").expect("valid"))
}

fn claim() -> Command<'static> {
    Command::Claim(Claim::new("http://192.0.2.1:8080", "park_secret", "cam-1").expect("valid"))
}

fn online() -> Facts<'static> {
    Facts { is_provisioned: true, is_online: true, url: "http://192.0.2.7/", rssi_dbm: Some(-61), ..FRESH }
}

#[test]
fn a_fresh_device_says_who_it_is() {
    let mut stage = Stage::new(FRESH);
    assert_eq!(stage.ask(Command::State), ["Ready"]);
    assert_eq!(stage.ask(Command::Info), ["0x3: smart-parking-cam | 0.1.0 | ESP32 | camera1"]);
    assert_eq!(stage.ask(Command::Hello), ["0xc0: smart-parking | 1 | a4:cf:12:00:00:01 | 0 | health"]);
    assert_eq!(stage.ask(Command::Network), ["0x7: 2"]);
    assert_eq!(stage.ask(Command::Hostname("")), ["0x5: cam-1"]);
    assert_eq!(stage.ask(Command::Name("")), ["0x6: camera1 | "], "seven characters need an empty text after them");
    assert_eq!(stage.ask(Command::Name("North 3")), ["Rename(\"North 3\")", "0x6: North 3 | "]);
    assert_eq!(stage.ask(Command::Hostname("n3")), ["SetHostname(\"n3\")", "0x5: n3"]);
}

#[test]
fn a_device_that_has_joined_gives_its_address_with_its_state() {
    let mut stage = Stage::new(online());
    assert_eq!(stage.ask(Command::State), ["Provisioned", "0x2: http://192.0.2.7/"]);
    assert_eq!(stage.ask(Command::Network), ["0x7: 3 | http://192.0.2.7/"]);
    stage.facts.url = "";
    assert_eq!(stage.ask(Command::State), ["Provisioned", "0x2: "], "clients wait for the answer");
}

#[test]
fn a_join_is_stored_once_it_has_come_off() {
    let mut stage = Stage::new(FRESH);
    assert_eq!(stage.ask(wifi()), ["Provisioning", "Join(Wifi { ssid: \"Lot Wi-Fi\", .. })"]);
    assert_eq!(stage.ask(Command::State), ["Provisioning"]);
    assert_eq!(stage.step(Input::Joined), ["Commit"]);
    assert_eq!(stage.ask(Command::State), ["Provisioning"], "nothing is promised yet");
    stage.facts = online();
    assert_eq!(stage.step(Input::Stored), ["Provisioned", "0x1: http://192.0.2.7/"]);
    assert_eq!((stage.step(Input::Joined), stage.step(Input::Stored)), (vec![], vec![]), "once");
}

#[test]
fn what_worked_and_cannot_be_stored_is_said_and_given_up() {
    let mut stage = Stage::new(FRESH);
    stage.ask(wifi());
    stage.step(Input::Joined);
    assert_eq!(stage.step(Input::StoreFailed), ["Revert", "error: settings not stored", "Ready"]);
    assert_eq!(stage.step(Input::Stored), Vec::<String>::new(), "too late");

    let mut working = Stage::new(Facts { is_claimed: true, ..online() });
    working.ask(claim());
    working.ask(Command::Check);
    assert_eq!(working.step(Input::Checked(Verdict::Ok)), ["Commit"]);
    assert_eq!(working.step(Input::StoreFailed), ["Revert", "error: settings not stored"]);
    working.ask(Command::Check);
    assert_eq!(working.step(Input::Checked(Verdict::Ok)), ["0xc2: ok | -61"], "of what it had before");

    working.ask(claim());
    working.ask(Command::Check);
    working.step(Input::Checked(Verdict::Ok));
    assert_eq!(
        working.after(STORE_MS),
        ["Abandon", "Revert", "error: settings not stored"],
        "a flash that says nothing"
    );
}

#[test]
fn a_join_that_fails_is_said_before_the_state() {
    let mut stage = Stage::new(FRESH);
    stage.ask(wifi());
    assert_eq!(stage.step(Input::JoinFailed), ["error: unable to connect", "Ready"]);

    let mut working = Stage::new(online());
    working.ask(wifi());
    assert_eq!(working.step(Input::JoinFailed), ["error: unable to connect", "Provisioned"]);
}

#[test]
fn a_join_that_takes_too_long_is_given_up_and_late_news_of_it_changes_nothing() {
    let mut stage = Stage::new(FRESH);
    stage.ask(wifi());
    assert_eq!(stage.after(JOIN_MS - 1), Vec::<String>::new());
    assert_eq!(stage.after(1), ["Abandon", "error: unable to connect", "Ready"]);
    assert_eq!(stage.step(Input::Joined), Vec::<String>::new());
    assert_eq!(stage.ask(Command::State), ["Ready"]);
}

#[test]
fn a_scan_tells_each_network_and_then_its_end() {
    let mut stage = Stage::new(FRESH);
    assert_eq!(stage.ask(Command::Scan), ["Scan"]);
    let network = |ssid, is_secured| Input::Network { ssid, rssi_dbm: -48, is_secured };
    assert_eq!(stage.step(network("Home Wi-Fi", true)), ["0x4: Home Wi-Fi | -48 | YES"]);
    assert_eq!(stage.step(network("Café", false)), ["0x4: Café | -48 | NO"]);
    assert_eq!(stage.step(Input::ScanDone), ["0x4: "]);
    assert_eq!(stage.step(network("late", true)), Vec::<String>::new());

    stage.ask(Command::Scan);
    assert_eq!(stage.after(SCAN_MS), ["Abandon", "0x4: "]);
}

#[test]
fn a_claim_is_kept_aside_until_it_has_proved_itself() {
    let mut stage = Stage::new(online());
    let staged = "Stage(Claim { url: \"http://192.0.2.1:8080\", camera: \"cam-1\", .. })";
    assert_eq!(stage.ask(Command::Check), ["0xc2: unclaimed | -61"]);
    assert_eq!(stage.ask(claim()), [staged, "0xc1: smart-parking | 1 | a4:cf:12:00:00:01 | 1 | health"]);
    assert_eq!(stage.ask(Command::Check), ["Check"]);
    assert_eq!(stage.step(Input::Checked(Verdict::Refused)), ["Revert", "0xc2: refused | -61"], "nothing is stored");
    assert_eq!(stage.ask(Command::Check), ["0xc2: unclaimed | -61"], "it is forgotten");
    stage.ask(claim());
    assert_eq!(stage.ask(Command::Check), ["Check"]);
    assert_eq!(stage.step(Input::Checked(Verdict::Ok)), ["Commit"]);
    assert_eq!(stage.step(Input::Stored), ["0xc2: ok | -61"]);
    stage.facts.is_claimed = true;
    stage.ask(Command::Check);
    assert_eq!(stage.step(Input::Checked(Verdict::Ok)), ["0xc2: ok | -61"], "it is stored already");
}

#[test]
fn a_network_that_comes_with_a_claim_is_stored_when_the_claim_has_worked() {
    let mut stage = Stage::new(FRESH);
    stage.ask(claim());
    stage.ask(wifi());
    stage.facts = Facts { is_provisioned: false, ..online() };
    assert_eq!(stage.step(Input::Joined), ["Provisioned", "0x1: http://192.0.2.7/"], "nothing is stored yet");
    assert_eq!(stage.ask(Command::State), ["Provisioned", "0x2: http://192.0.2.7/"]);
    stage.ask(Command::Check);
    assert_eq!(stage.step(Input::Checked(Verdict::Unreachable)), ["0xc2: unreachable | -61"], "it may be tried again");
    assert_eq!(stage.after(TRIAL_MS - 1), Vec::<String>::new());
    stage.ask(Command::Check);
    assert_eq!(stage.step(Input::Checked(Verdict::Ok)), ["Commit"]);
    assert_eq!(stage.step(Input::Stored), ["0xc2: ok | -61"]);
    assert_eq!(stage.after(TRIAL_MS), Vec::<String>::new(), "it stays");
}

#[test]
fn what_nobody_checks_is_forgotten_and_a_join_after_that_is_stored_by_itself() {
    let mut stage = Stage::new(FRESH);
    stage.ask(claim());
    stage.ask(wifi());
    stage.facts = Facts { is_provisioned: false, ..online() };
    stage.step(Input::Joined);
    assert_eq!(stage.after(TRIAL_MS - 1), Vec::<String>::new());
    assert_eq!(stage.after(1), ["Revert"]);
    assert_eq!(stage.ask(Command::State), ["Ready"]);
    stage.ask(wifi());
    assert_eq!(stage.step(Input::Joined), ["Commit"]);
}

#[test]
fn whoever_says_hello_begins_anew_and_is_not_held_back_by_what_another_left() {
    let mut stage = Stage::new(FRESH);
    stage.ask(claim());
    stage.ask(wifi());
    assert_eq!(stage.ask(Command::Hello), ["Revert", "0xc0: smart-parking | 1 | a4:cf:12:00:00:01 | 0 | health"]);
    assert_eq!(stage.step(Input::Joined), Vec::<String>::new(), "news of what was given up");
    stage.ask(wifi());
    stage.facts = online();
    assert_eq!(stage.step(Input::Joined)[0], "Commit");
}

#[test]
fn the_key_of_whoever_signs_firmware_is_kept_aside_like_a_claim() {
    let mut stage = Stage::new(Facts { is_claimed: true, ..online() });
    let told = stage.ask(Command::Trust([7; 32]));
    assert_eq!(
        told,
        [format!("Trust({:?})", [7; 32]), "0xc3: smart-parking | 1 | a4:cf:12:00:00:01 | 1 | health".into()]
    );
    assert_eq!(stage.ask(Command::Check), ["Check"]);
    assert_eq!(stage.step(Input::Checked(Verdict::Ok)), ["Commit"]);
    assert_eq!(stage.step(Input::Stored), ["0xc2: ok | -61"]);
    assert_eq!(stage.ask(Command::Check), ["Check"]);
    assert_eq!(stage.step(Input::Checked(Verdict::Ok)), ["0xc2: ok | -61"], "once");
}

#[test]
fn a_check_without_a_network_or_without_an_answer_says_so() {
    let mut stage = Stage::new(Facts { is_claimed: true, ..FRESH });
    assert_eq!(stage.ask(Command::Check), ["0xc2: no_wifi | "]);
    stage.facts = Facts { is_claimed: true, ..online() };
    stage.ask(Command::Check);
    assert_eq!(stage.after(CHECK_MS), ["Abandon", "0xc2: unreachable | -61"]);
}

#[test]
fn a_second_call_waits_its_turn_and_a_third_is_refused() {
    let mut stage = Stage::new(FRESH);
    stage.ask(wifi());
    assert_eq!(stage.ask(Command::Scan), Vec::<String>::new());
    assert_eq!(stage.ask(Command::Scan), ["error: unknown error"]);
    assert_eq!(stage.ask(Command::Info).len(), 1, "what needs no time is answered at once");
    assert_eq!(stage.step(Input::JoinFailed), ["error: unable to connect", "Ready", "Scan"]);
    assert_eq!(stage.step(Input::ScanDone), ["0x4: "]);
}

#[test]
fn what_cannot_be_understood_is_answered_with_the_reason() {
    let mut stage = Stage::new(FRESH);
    let call = |data: &[u8]| Frame { kind: kind::CALL, data }.encode().expect("it fits");
    for (data, error) in [
        (&[9, 0][..], "error: unknown command"),
        (&[1, 5, 3, b'n', b'e', b't', 9], "error: bad packet"),
        (&[2, 1], "error: bad packet"),
        (&[5, 1, b'-'], "error: bad host name"),
    ] {
        assert_eq!(stage.step(Input::Bytes(call(data).as_bytes())), [error], "{data:?}");
    }
    let state = Wire::state(crate::State::Ready);
    assert_eq!(stage.step(Input::Bytes(state.as_bytes())), Vec::<String>::new(), "an echo of its own packet");
}

#[test]
fn a_call_that_lost_a_byte_is_asked_for_again() {
    let mut stage = Stage::new(FRESH);
    let mut bytes = wifi().encode().expect("valid").as_bytes().to_vec();
    bytes.remove(12);
    bytes.pop();
    assert_eq!(stage.step(Input::Bytes(&bytes)), Vec::<String>::new(), "it may go on");
    assert_eq!(stage.after(GAP_MS), Vec::<String>::new());
    assert_eq!(stage.after(1), ["error: bad packet"]);
}

#[test]
fn facts_too_long_for_a_packet_are_an_error_and_no_panic() {
    let long: &'static str = vec![b'x'; 300].leak().utf8_chunks().next().expect("text").valid();
    let mut stage = Stage::new(Facts { name: long, ..FRESH });
    assert_eq!(stage.ask(Command::Info), ["error: unknown error"]);
}
