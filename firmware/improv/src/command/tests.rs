//! Published calls, byte for byte, and what a device must not be asked.

extern crate std;
use std::string::String;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;

fn bytes(hex: &str) -> Vec<u8> {
    let rest = hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"));
    b"IMPROV\x01".iter().copied().chain(rest).collect()
}

/// Command and payload of a packet.
fn call(wire: &Wire) -> (u8, Vec<u8>) {
    let bytes = wire.as_bytes();
    (bytes[9], bytes[11..bytes.len() - 2].to_vec())
}

#[test]
fn calls_are_the_published_bytes() {
    let spec = Wifi::new("MyWirelessAP", "mysecurepassword").expect("valid");
    let open = Wifi::new("Café", "").expect("valid");
    for (command, hex) in [
        (Command::State, "03 02 02 00 E5 0A"),
        (Command::Info, "03 02 03 00 E6 0A"),
        (Command::Scan, "03 02 04 00 E7 0A"),
        (
            Command::Wifi(spec),
            "03 20 01 1E 0C 4D 79 57 69 72 65 6C 65 73 73 41 50 10 6D 79 73 65 63 75 72 65 70 61 73 73 77 6F 72 64 C1 0A",
        ),
        (Command::Wifi(open), "03 09 01 07 05 43 61 66 C3 A9 00 6D 0A"),
    ] {
        let wire = command.encode().expect("valid");
        assert_eq!(wire.as_bytes(), bytes(hex), "{command:?}");
        let (code, payload) = call(&wire);
        assert_eq!(Command::parse(code, &payload), Ok(command));
    }
}

#[test]
fn a_password_is_a_passphrase_or_a_key_or_nothing() {
    let of = |count: usize| String::from_utf8(std::vec![b'g'; count]).expect("ASCII");
    for (count, is_valid) in [(0, true), (1, false), (7, false), (8, true), (63, true), (64, false), (65, false)] {
        assert_eq!(Wifi::new("net", &of(count)).is_ok(), is_valid, "{count} characters");
    }
    assert!(Wifi::new("net", &of(64).replace('g', "a")).is_ok(), "64 hexadecimal digits");
    for (count, is_valid) in [(0, false), (1, true), (32, true), (33, false)] {
        assert_eq!(Wifi::new(&of(count), "").is_ok(), is_valid, "a name of {count} bytes");
    }
}

#[test]
fn a_claim_of_the_greatest_length_fits_into_one_packet() {
    let of = |count: usize| String::from_utf8(std::vec![b'g'; count]).expect("ASCII");
    let url = String::from("http://") + &of(URL_MAX - 7);
    let (token, camera) = (of(TOKEN_MAX), of(CAMERA_MAX));
    let claim = Claim::new(&url, &token, &camera).expect("valid");
    let (code, payload) = call(&Command::Claim(claim).encode().expect("it fits"));
    assert_eq!(Command::parse(code, &payload), Ok(Command::Claim(claim)));

    assert_eq!(Claim::new(&(url.clone() + "x"), &token, &camera), Err(Invalid::Url));
    assert_eq!(Claim::new(&url, &(token.clone() + "x"), &camera), Err(Invalid::Token));
    assert_eq!(Claim::new(&url, &token, &(camera.clone() + "x")), Err(Invalid::Camera));
    for bad in ["", "http://", "ftp://host", "host", "http://a b", "http://a\n"] {
        assert_eq!(Claim::new(bad, "t", "c"), Err(Invalid::Url), "{bad:?}");
    }
    for bad in ["", "a b", "a\n", "ä"] {
        assert_eq!(Claim::new("http://h", bad, "c"), Err(Invalid::Token), "{bad:?}");
    }
    for bad in ["", "Cam", "cam 1", "cäm"] {
        assert_eq!(Claim::new("http://h", "t", bad), Err(Invalid::Camera), "{bad:?}");
    }
}

#[test]
fn what_a_device_cannot_understand_is_told_apart() {
    assert_eq!(Command::parse(8, &[]), Err(Refused::Unknown));
    assert_eq!(Command::parse(code::STATE, &[0]), Err(Refused::Malformed));
    for payload in [&b""[..], b"\x03net", b"\x03net\x09short", b"\x03net\x00x", b"\x01\xff\x00", b"\x00\x00"] {
        assert_eq!(Command::parse(code::WIFI, payload), Err(Refused::Malformed), "{payload:?}");
    }
    for bad in [&b"-a"[..], b"a-", b"a b", b"a.b", b"\xff", &[b'a'; 64]] {
        assert_eq!(Command::parse(code::HOSTNAME, bad), Err(Refused::Hostname), "{bad:?}");
    }
    assert_eq!(Command::parse(code::HOSTNAME, b"Cam-3"), Ok(Command::Hostname("Cam-3")));
    assert_eq!(Command::parse(code::NAME, &[b'a'; NAME_MAX + 1]), Err(Refused::Malformed));
    assert_eq!(Command::Hostname("a b").encode(), Err(Invalid::Hostname));
    assert_eq!(Command::Name(core::str::from_utf8(&[b'a'; 65]).expect("ASCII")).encode(), Err(Invalid::Name));
}

#[test]
fn what_is_secret_is_not_shown() {
    let wifi = Command::Wifi(Wifi::new("net", "hunter22").expect("valid"));
    let claim = Command::Claim(Claim::new("http://h", "park_secret", "cam-1").expect("valid"));
    let shown = std::format!("{wifi:?} {claim:?} {:?}", wifi.encode());
    assert!(shown.contains("net") && shown.contains("cam-1"));
    assert!(!shown.contains("hunter22") && !shown.contains("secret"), "{shown}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_payload_panics_and_what_is_understood_can_be_said_again(
        command in any::<u8>(),
        payload in prop::collection::vec(any::<u8>(), 0..=253),
    ) {
        if let Ok(understood) = Command::parse(command, &payload) {
            prop_assert_eq!(call(&understood.encode().expect("valid")), (command, payload));
        }
    }
}
