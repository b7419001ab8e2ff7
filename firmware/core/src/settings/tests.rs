//! What is written is read again, and a power cut at any byte leaves the old or the new.

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::authority::AUTHORITY_MAX;

fn full() -> Settings {
    fn of<const N: usize>() -> Text<N> {
        Text::of(core::str::from_utf8(&[b'x'; N]).expect("ASCII")).expect("it fits")
    }
    Settings {
        wifi: Some(Wifi { ssid: of(), password: of() }),
        claim: Some(Claim { url: of(), token: of(), camera: of() }),
        name: of(),
        hostname: of(),
        interval_s: 86_400,
        firmware_key: Some([7; 32]),
        tried: Some(Tried { mark: [1, 2, 3, 4, 5, 6, 7, 8], tries: 2, attempt: 70_000 }),
        authority: {
            let mut authority = Authority::NONE;
            assert!(authority.push(&[5; AUTHORITY_MAX]));
            authority
        },
        proved: Some(Proved { mark: [8; 8], version: of() }),
    }
}

/// A flash of two places.
#[derive(Clone)]
struct Flash([Vec<u8>; 2]);

impl Flash {
    fn write(&mut self, place: Place, record: &Record, cut_at: usize) {
        let cell = &mut self.0[usize::from(place == Place::B)];
        // Erased first, then written from the front.
        *cell = vec![0xff; RECORD_MAX];
        let bytes = &record.as_bytes()[..record.as_bytes().len().min(cut_at)];
        cell[..bytes.len()].copy_from_slice(bytes);
    }

    fn open(&self) -> (Vault, Settings) {
        Vault::open(&self.0[0], &self.0[1])
    }
}

#[test]
fn the_longest_settings_fit_and_are_read_again() {
    let (mut vault, nothing) = Vault::open(&[], &[]);
    assert_eq!(nothing, Settings::default());
    let (place, record) = vault.write(&full());
    assert_eq!((place, record.as_bytes().len()), (Place::A, RECORD_MAX));
    assert_eq!(Vault::open(record.as_bytes(), &[]).1, full());
    let (place, record) = vault.write(&Settings::default());
    assert_eq!(place, Place::B);
    assert_eq!(Vault::open(&[], record.as_bytes()).1, Settings::default());
}

#[test]
fn what_did_not_arrive_is_written_once_more_to_the_same_place() {
    let mut vault = Vault::open(&[], &[]).0;
    assert_eq!((vault.write(&full()).0, vault.write(&full()).0), (Place::A, Place::B));
    vault.failed();
    assert_eq!(vault.write(&full()).0, Place::B, "the other holds the newest");
}

#[test]
fn fields_of_a_newer_firmware_are_left_alone_and_those_of_an_older_one_are_few() {
    let whole = record(1, &full());
    let rebuilt = |fields: &[u8]| {
        let mut bytes = whole.as_bytes()[..HEAD_LEN - 2].to_vec();
        bytes.extend((fields.len() as u16).to_le_bytes());
        bytes.extend(fields);
        bytes.extend(crc32(&bytes).to_le_bytes());
        bytes
    };
    let fields = &whole.as_bytes()[HEAD_LEN..whole.as_bytes().len() - CRC_LEN];
    let newer = rebuilt(&[fields, &[3, b'n', b'e', b'w']].concat());
    assert_eq!(Vault::open(&newer, &[]).1, full());
    let older = rebuilt(&fields[..1 + SSID_MAX + 1 + KEY_LEN]);
    let settings = Vault::open(&older, &[]).1;
    assert_eq!((settings.wifi, settings.claim, settings.interval_s), (full().wifi, None, INTERVAL_S_DEFAULT));
}

proptest! {
    #[test]
    fn a_power_cut_at_any_byte_leaves_the_old_or_the_new(
        steps in prop::collection::vec((1u32..1_000, 0usize..=RECORD_MAX), 1..20),
    ) {
        let mut flash = Flash([Vec::new(), Vec::new()]);
        let mut stored = Settings::default();
        for (interval_s, cut_at) in steps {
            let (mut vault, found) = flash.open();
            prop_assert_eq!(&found, &stored);
            let new = Settings { interval_s, ..full() };
            let (place, record) = vault.write(&new);
            flash.write(place, &record, cut_at);
            let (_, found) = flash.open();
            prop_assert!(found == stored || found == new);
            prop_assert!(cut_at < record.as_bytes().len() || found == new, "a whole record counts");
            stored = found;
        }
    }

    #[test]
    fn a_bit_that_flipped_is_noticed(at in 0usize..RECORD_MAX, bit in 0u8..8) {
        let mut bytes = record(5, &full()).as_bytes().to_vec();
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(Vault::open(&bytes, &[]).1, Settings::default());
    }

    #[test]
    fn no_bytes_make_it_fail(a in prop::collection::vec(any::<u8>(), 0..700), b in prop::collection::vec(any::<u8>(), 0..700)) {
        let mut a = a;
        let head = a.len().min(MAGIC.len());
        a[..head].copy_from_slice(&MAGIC[..head]);
        let _ = Vault::open(&a, &b);
    }
}
