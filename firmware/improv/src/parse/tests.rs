//! Packets are found among whatever else is on the line.

extern crate std;
use std::vec;
use std::vec::Vec;

use proptest::collection;
use proptest::prelude::*;

use super::*;
use crate::frame::{DATA_MAX, Wire, kind};

#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    frames: Vec<(u8, Vec<u8>)>,
    noise: Vec<u8>,
    damaged: usize,
}

impl Heard {
    fn on(&mut self, found: Found<'_>) {
        match found {
            Found::Frame(frame) => self.frames.push((frame.kind, frame.data.to_vec())),
            Found::Damaged => self.damaged += 1,
            Found::Noise(byte) => self.noise.push(byte),
        }
    }
}

/// What is heard of `stream` when it arrives in pieces of `piece` bytes and then the line falls silent.
fn hear(stream: &[u8], piece: usize) -> Heard {
    let (mut parser, mut heard) = (Parser::new(), Heard::default());
    for bytes in stream.chunks(piece) {
        parser.feed(bytes, |found| heard.on(found));
    }
    parser.silence(|found| heard.on(found));
    assert!(!parser.is_inside());
    heard
}

fn frame(kind: u8, data: &[u8]) -> Vec<u8> {
    let wire: Wire = Frame { kind, data }.encode().expect("it fits");
    wire.as_bytes().to_vec()
}

/// The same question, asked of the whole stream at once: from each place on, is this a packet?
fn expected(stream: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let (mut frames, mut at) = (Vec::new(), 0);
    while at < stream.len() {
        let rest = &stream[at..];
        let total = rest.get(8).map_or(usize::MAX, |len| 9 + usize::from(*len) + 1);
        if rest.starts_with(b"IMPROV\x01") && rest.len() >= total && checksum(&rest[..total - 1]) == rest[total - 1] {
            frames.push((rest[7], rest[9..total - 1].to_vec()));
            at += total;
        } else {
            at += 1;
        }
    }
    frames
}

#[test]
fn every_length_of_data_arrives() {
    for len in 0..=DATA_MAX {
        let data: Vec<u8> = (0..len).map(|i| i as u8 ^ 0x5a).collect();
        let heard = hear(&frame(kind::ANSWER, &data), 1);
        assert_eq!(heard.frames, [(kind::ANSWER, data)], "{len} bytes");
        assert_eq!((heard.noise.as_slice(), heard.damaged), (&b"\n"[..], 0));
    }
}

#[test]
fn a_packet_needs_neither_a_line_of_its_own_nor_a_line_end() {
    let state = frame(kind::STATE, &[2]);
    let bare = &state[..state.len() - 1];
    let stream = [b"boot: I IMP IMPRO", bare, bare, b"wifi: ready", bare].concat();
    let heard = hear(&stream, 1);
    assert_eq!(heard.frames.len(), 3);
    assert_eq!(heard.noise, b"boot: I IMP IMPROwifi: ready");
}

#[test]
fn a_half_packet_does_not_swallow_the_next_one() {
    let (long, state) = (frame(kind::ANSWER, &[1; 60]), frame(kind::STATE, &[4]));
    for cut in 1..long.len() - 2 {
        let heard = hear(&[&long[..cut], &state[..]].concat(), 1);
        assert_eq!(heard.frames, [(kind::STATE, vec![4])], "cut after {cut} bytes");
    }
}

#[test]
fn a_lost_byte_costs_one_packet_and_is_noticed() {
    let (info, state) = (frame(kind::ANSWER, b"\x03\x06\x05hello"), frame(kind::STATE, &[4]));
    for lost in 9..info.len() - 1 {
        let mut first = info.clone();
        first.remove(lost);
        let heard = hear(&[first, state.clone()].concat(), 1);
        assert_eq!(heard.frames, [(kind::STATE, vec![4])], "byte {lost} was lost");
        assert!(heard.damaged > 0, "byte {lost} was lost");
    }
}

#[test]
fn a_packet_that_was_begun_is_given_up_when_the_line_falls_silent() {
    let (mut parser, mut heard) = (Parser::new(), Heard::default());
    let state = frame(kind::STATE, &[2]);
    parser.feed(b"IMPROV\x01\x04\xffabc", |found| heard.on(found));
    parser.feed(&state, |found| heard.on(found));
    assert_eq!((heard.frames.len(), parser.is_inside()), (0, true), "it may be a part of the long one");
    parser.silence(|found| heard.on(found));
    assert_eq!((heard.frames.len(), parser.is_inside(), heard.damaged), (1, false, 1));
}

#[test]
fn a_packet_of_another_version_is_noise() {
    let mut other = frame(kind::STATE, &[2]);
    other[6] = 2;
    assert_eq!(hear(&other, 1).frames, []);
}

/// What a line carries: logs, packets, halves of packets, packets with a changed byte.
fn stretch() -> impl Strategy<Value = Vec<u8>> {
    let packet = || (1..6u8, collection::vec(any::<u8>(), 0..40)).prop_map(|(kind, data)| frame(kind, &data));
    prop_oneof![
        packet(),
        collection::vec(any::<u8>(), 0..30),
        "[ -~]{0,30}\r?\n".prop_map(std::string::String::into_bytes),
        Just(b"IMPROV".to_vec()),
        (packet(), any::<prop::sample::Index>()).prop_map(|(bytes, cut)| bytes[..cut.index(bytes.len())].to_vec()),
        (packet(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, at, value)| {
            let at = at.index(bytes.len());
            bytes[at] = value;
            bytes
        }),
        // The head of a packet that is longer than anything that follows.
        any::<u8>().prop_map(|len| [&b"IMPROV\x01\x04"[..], &[len]].concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_stream_hides_a_packet(stretches in collection::vec(stretch(), 0..12), piece in 1..70usize) {
        let stream = stretches.concat();
        let heard = hear(&stream, piece);
        prop_assert_eq!(&heard.frames, &expected(&stream));
        let framed: usize = heard.frames.iter().map(|(_, data)| data.len() + 10).sum();
        prop_assert_eq!(framed + heard.noise.len(), stream.len(), "every byte is in a packet or is noise");
        prop_assert_eq!(heard, hear(&stream, 1), "how the bytes are cut into pieces makes no difference");
    }
}
