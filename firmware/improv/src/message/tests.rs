//! Published packets, byte for byte, and what malformed ones come to.

extern crate std;
use std::string::String;
use std::vec::Vec;

use super::*;
use crate::parse::{Found, Parser};

/// A packet's bytes from text such as `01 02 E3`, after the magic and the version.
fn bytes(hex: &str) -> Vec<u8> {
    let rest = hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).expect("hexadecimal"));
    b"IMPROV\x01".iter().copied().chain(rest).collect()
}

fn parsed(bytes: &[u8], check: impl Fn(Message<'_>)) {
    let mut count = 0;
    Parser::new().feed(bytes, |found| {
        if let Found::Frame(frame) = found {
            check(Message::parse(frame).expect("a message"));
            count += 1;
        }
    });
    assert_eq!(count, 1);
}

#[test]
fn states_and_errors_are_the_published_bytes() {
    for (state, hex) in [
        (State::Ready, "01 01 02 E2 0A"),
        (State::Provisioning, "01 01 03 E3 0A"),
        (State::Provisioned, "01 01 04 E4 0A"),
    ] {
        assert_eq!(Wire::state(state).as_bytes(), bytes(hex));
        parsed(&bytes(hex), |message| assert_eq!(message, Message::State(state)));
    }
    for (error, hex) in [(ErrorCode::UnknownCommand, "02 01 02 E3 0A"), (ErrorCode::UnableToConnect, "02 01 03 E4 0A")]
    {
        assert_eq!(Wire::error(error).as_bytes(), bytes(hex));
        parsed(&bytes(hex), |message| assert_eq!(message, Message::Error(error)));
    }
}

#[test]
fn answers_are_the_published_bytes() {
    for (command, texts, hex) in [
        (1, &["http://192.0.2.10/"][..], "04 15 01 13 12 68 74 74 70 3A 2F 2F 31 39 32 2E 30 2E 32 2E 31 30 2F 8D 0A"),
        (
            4,
            &["Home Wi-Fi", "-48", "YES"],
            "04 15 04 13 0A 48 6F 6D 65 20 57 69 2D 46 69 03 2D 34 38 03 59 45 53 ED 0A",
        ),
        (4, &[], "04 02 04 00 E8 0A"),
    ] {
        let wire = Wire::answer(command, texts.iter().copied()).expect("it fits");
        assert_eq!(wire.as_bytes(), bytes(hex));
        parsed(&bytes(hex), |message| {
            let Message::Answer(answer) = message else { panic!("{message:?}") };
            assert_eq!((answer.command, answer.is_empty()), (command, texts.is_empty()));
            assert!(answer.texts().eq(texts.iter().map(|text| text.as_bytes())));
        });
    }
}

#[test]
fn no_answer_has_the_length_that_a_widespread_client_takes_for_a_line_end() {
    let long = String::from_utf8([b'x'; 252].to_vec()).expect("ASCII");
    for len in 0..=252 {
        for head in [&[][..], &["", ""], &["a", "b"]] {
            let Ok(wire) = Wire::answer(6, head.iter().copied().chain([&long[..len]])) else {
                assert!(len > 245);
                continue;
            };
            let wire = wire.as_bytes();
            assert_ne!(wire[8], b'\n', "a text of {len} bytes after {head:?}");
            parsed(wire, |message| {
                let Message::Answer(answer) = message else { panic!("{message:?}") };
                assert_eq!(answer.text(head.len()), Some(&long[..len]), "the text is where it was");
            });
        }
    }
    assert_eq!(Wire::answer(6, [&*String::from_utf8([b'x'; 253].to_vec()).expect("ASCII")]), Err(TooLong));
}

#[test]
fn a_text_that_reaches_beyond_its_packet_is_no_answer() {
    for data in [&b""[..], b"\x03", b"\x03\x05\x01a", b"\x03\x02\x05a", b"\x03\x03\x01a\x01"] {
        assert_eq!(Message::parse(Frame { kind: kind::ANSWER, data }), None, "{data:?}");
    }
    for data in [&b""[..], b"\x02", b"\x02\x01", b"\x02\x00\x00"] {
        assert_eq!(Message::parse(Frame { kind: kind::CALL, data }), None, "{data:?}");
    }
    assert_eq!(Message::parse(Frame { kind: kind::STATE, data: &[1] }), None);
    assert_eq!(Message::parse(Frame { kind: 9, data: &[1] }), None);
}

#[test]
fn every_error_keeps_its_code() {
    for code in 0..=u8::MAX {
        assert_eq!(ErrorCode::of(code).code(), code);
    }
}
