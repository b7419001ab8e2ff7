//! Uploads: JPEGs and PNGs as they come.

use parkd::captures::probe::{JPEG, PNG, ProbeError, probe, thumbnail};
use parking_api::captures::{CAPTURE_PIXELS_MAX, CAPTURE_SIDE_MAX};

/// Pictures up to this size are decoded too; larger ones would take too long, and tell no more.
const DECODED_PIXELS_MAX: u32 = 256 * 256;
const THUMBNAIL_WIDTH: u32 = 24;
/// Longest sentence about a picture, in bytes.
const REASON_BYTES_MAX: usize = 400;
/// Bytes before a PNG's first chunk, and those of a chunk besides its data: length, kind and checksum.
const SIGNATURE_BYTES: usize = 8;
const CHUNK_BYTES: usize = 12;

/// A picture is refused with a reason, or its size and end are known; then it is the same without what follows its end.
pub fn run(data: &[u8]) {
    let data = &with_right_checksums(data);
    let probed = match probe(data, None) {
        Ok(probed) => probed,
        Err(error) => {
            let reason = error.to_string();
            assert!(!reason.is_empty() && reason.len() <= REASON_BYTES_MAX, "{reason}");
            assert!((400..500).contains(&error.code().status()), "{error:?}");
            return;
        }
    };
    let pixels = u64::from(probed.width) * u64::from(probed.height);
    assert!((1..=CAPTURE_PIXELS_MAX).contains(&pixels) && probed.width.max(probed.height) <= CAPTURE_SIDE_MAX);
    let picture = &data[..probed.len];
    assert_eq!(probe(picture, Some(probed.content_type)), Ok(probed), "padding changes nothing");
    let other = if probed.content_type == PNG { JPEG } else { PNG };
    assert!(matches!(probe(picture, Some(other)), Err(ProbeError::TypeMismatch { .. })));
    assert!(probe(&picture[..probed.len - 1], None).is_err(), "nothing is missed that a whole picture has");
    if probed.width * probed.height <= DECODED_PIXELS_MAX
        && let Ok(small) = thumbnail(picture, probed.content_type, THUMBNAIL_WIDTH)
    {
        let small = probe(&small, Some(JPEG)).expect("a thumbnail is a picture");
        assert!(small.width <= THUMBNAIL_WIDTH);
    }
}

/// The same with the checksum of every chunk of a PNG made right, for no mutation would find one.
fn with_right_checksums(data: &[u8]) -> Vec<u8> {
    let mut out = data.to_vec();
    let mut at = SIGNATURE_BYTES;
    while data.starts_with(b"\x89PNG") && at + CHUNK_BYTES <= out.len() {
        let len = u32::from_be_bytes([out[at], out[at + 1], out[at + 2], out[at + 3]]) as usize;
        let Some(end) =
            at.checked_add(CHUNK_BYTES).and_then(|end| end.checked_add(len)).filter(|end| *end <= out.len())
        else {
            break;
        };
        let checksum = crc32fast::hash(&out[at + 4..end - 4]);
        out[end - 4..end].copy_from_slice(&checksum.to_be_bytes());
        at = end;
    }
    out
}
