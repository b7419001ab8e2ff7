//! Which firmware is taken, and what stops it.

use std::vec;
use std::vec::Vec;

use ed25519_dalek::{Signer, SigningKey};

use super::*;

const IMAGE: &[u8] = b"an image of some length";

fn key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32])
}

fn own() -> Own<'static> {
    Own { board: "aithinker", version: "0.1.0", key: Some(key().verifying_key().to_bytes()), tried: None, room: 1_000 }
}

fn offer() -> Offer<'static> {
    let sha256: [u8; 32] = Sha256::digest(IMAGE).into();
    let bytes = IMAGE.len() as u32;
    let text = signed("aithinker", "0.2.0", bytes, &sha256).expect("short");
    let signature = key().sign(text.as_bytes()).to_bytes();
    Offer { id: "f1", board: "aithinker", version: "0.2.0", bytes, sha256, signature, is_forced: false, attempt: 1 }
}

fn fetched(pieces: &[&[u8]]) -> Result<[u8; 8], Refusal> {
    let mut update = Update::begin(&offer(), &own())?;
    pieces.iter().try_for_each(|piece| update.take(piece))?;
    update.finish()
}

#[test]
fn a_signed_image_for_this_board_is_taken() {
    assert_eq!(fetched(&[&IMAGE[..5], &IMAGE[5..]]), Ok(mark(&offer().sha256)));
}

#[test]
fn what_was_not_signed_is_refused_before_a_byte_is_fetched() {
    let refused = |offer: Offer<'_>, own: Own<'_>| Update::begin(&offer, &own).expect_err("it is refused");
    let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
    assert_eq!(refused(offer(), Own { key: None, ..own() }), Refusal::NoKey);
    assert_eq!(refused(offer(), Own { key: Some(other), ..own() }), Refusal::Signature);
    assert_eq!(refused(Offer { version: "0.3.0", ..offer() }, own()), Refusal::Signature);
    assert_eq!(refused(Offer { bytes: 24, ..offer() }, own()), Refusal::Signature);
    assert_eq!(refused(Offer { sha256: [0; 32], ..offer() }, own()), Refusal::Signature);
    assert_eq!(refused(Offer { signature: [0; 64], ..offer() }, own()), Refusal::Signature);
    assert_eq!(refused(offer(), Own { board: "wrover", ..own() }), Refusal::Board);
    assert_eq!(refused(offer(), Own { version: "0.2.0", ..own() }), Refusal::Same);
    assert_eq!(refused(offer(), Own { room: 10, ..own() }), Refusal::TooLarge);
}

#[test]
fn an_older_firmware_is_taken_only_when_that_is_meant() {
    let own = Own { version: "0.10.0", ..own() };
    assert_eq!(Update::begin(&offer(), &own).expect_err("refused"), Refusal::Older);
    assert!(Update::begin(&Offer { is_forced: true, ..offer() }, &own).is_ok());
    for (old, new) in
        [("0.2.0", "0.10.0"), ("1.0.0-rc.1", "1.0.0"), ("1", "1.0.1"), ("0.9", "1"), ("1.0.0-rc.1", "1.0.0+b")]
    {
        assert!(is_older(old, new) && !is_older(new, old), "{old} {new}");
    }
    assert!(!is_older("1.0", "1.0.0") && !is_older("nightly", "nightly") && !is_older("1.0.0+b", "1.0.0+a"));
}

#[test]
fn what_comes_has_to_be_what_was_signed() {
    let mut changed = IMAGE.to_vec();
    changed[3] ^= 1;
    for pieces in [vec![], vec![&IMAGE[..5]], vec![IMAGE, b"!"], vec![&changed[..]]] {
        let pieces: Vec<&[u8]> = pieces;
        assert_eq!(fetched(&pieces), Err(Refusal::Damaged));
    }
}

#[test]
fn an_image_that_did_not_prove_itself_is_tried_once_more_and_then_no_more() {
    let tried = |mark, tries| Own { tried: Some(Tried { mark, tries, attempt: 1 }), ..own() };
    let known = mark(&offer().sha256);
    assert!(Update::begin(&offer(), &tried(known, 1)).is_ok());
    assert_eq!(Update::begin(&offer(), &tried(known, TRIES_MAX)).expect_err("refused"), Refusal::Failed);
    assert!(Update::begin(&offer(), &tried([0; 8], TRIES_MAX)).is_ok(), "another one failed");
    let spent = tried(known, TRIES_MAX);
    let refused = |offer| Update::begin(&offer, &spent).is_err();
    assert!(refused(Offer { is_forced: true, ..offer() }) && refused(Offer { attempt: 2, ..offer() }));
    assert!(!refused(Offer { is_forced: true, attempt: 2, ..offer() }), "it is meant to be tried again");
}
