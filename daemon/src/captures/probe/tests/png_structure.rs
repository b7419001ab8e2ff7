//! PNGs built chunk by chunk.

use super::*;

fn packed(pixels: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(pixels).expect("it packs");
    encoder.finish().expect("it packs")
}

#[test]
fn a_png_that_unpacks_to_more_than_its_header_announces_is_refused() {
    let bomb = packed(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < 512 * 1024);
    let bytes = png_from(&[header(16, 16, 8, 2, 0), chunk(b"IDAT", &bomb), chunk(b"IEND", &[])]);
    let error = probe(&bytes, None).expect_err("it is refused");
    assert_eq!(error.code(), ProblemCode::ImageInvalid);
    assert!(error.to_string().contains("more pixels"), "{error}");
}

#[test]
fn pixels_that_do_not_fit_the_header_are_refused() {
    let end = chunk(b"IEND", &[]);
    let rows = |rows: usize| packed(&vec![0; rows * (1 + 4 * 3)]);
    let with = |data: &[u8]| png_from(&[header(4, 4, 8, 2, 0), chunk(b"IDAT", data), end.clone()]);
    assert!(probe(&with(&rows(4)), None).is_ok());
    let mut checksum_wrong = rows(4);
    *checksum_wrong.last_mut().expect("it is not empty") ^= 1;
    let filter_wrong = packed(&[5; 4 * 13]);
    for data in [&rows(3)[..], &rows(5), &rows(4)[..8], &checksum_wrong, &filter_wrong, b"nonsense", b""] {
        assert_eq!(code(&with(data), None), ProblemCode::ImageInvalid, "{data:02x?}");
    }
}

#[test]
fn an_interlaced_png_is_counted_pass_by_pass() {
    // 5x5 of one byte a pixel: passes of 1x1, 1x1, 2x1, 1x2, 3x1, 2x3 and 5x2 pixels (columns by rows), one filter byte a row.
    let bytes = (1 + 1) + (1 + 1) + (2 + 1) + 2 * (1 + 1) + (3 + 1) + 3 * (2 + 1) + 2 * (5 + 1);
    let with = |bytes: usize| {
        png_from(&[header(5, 5, 8, 0, 1), chunk(b"IDAT", &packed(&vec![0; bytes])), chunk(b"IEND", &[])])
    };
    assert!(probe(&with(bytes), None).is_ok());
    assert!(thumbnail(&with(bytes), PNG, 3).is_ok(), "the decoder counts alike");
    assert_eq!(code(&with(bytes - 1), None), ProblemCode::ImageInvalid);
    assert_eq!(code(&with(bytes + 1), None), ProblemCode::ImageInvalid);
}

#[test]
fn malformed_png_structure_is_refused() {
    let (pixels, end) = (chunk(b"IDAT", &packed(&[0; 4 * 5])), chunk(b"IEND", &[]));
    let (palette, text) = (chunk(b"PLTE", &[1, 2, 3]), chunk(b"tEXt", b"hello"));
    let grey = || header(4, 4, 8, 0, 0);
    let indexed = || header(4, 4, 8, 3, 0);
    assert!(probe(&png_from(&[grey(), text.clone(), pixels.clone(), text.clone(), end.clone()]), None).is_ok());
    assert!(probe(&png_from(&[indexed(), palette.clone(), pixels.clone(), end.clone()]), None).is_ok());
    let split = packed(&[0; 4 * 5]);
    let (left, right) = (chunk(b"IDAT", &split[..5]), chunk(b"IDAT", &split[5..]));
    assert!(probe(&png_from(&[grey(), left.clone(), right.clone(), end.clone()]), None).is_ok());
    let cases = [
        vec![text.clone(), pixels.clone(), end.clone()],
        vec![grey(), end.clone()],
        vec![grey(), grey(), pixels.clone(), end.clone()],
        vec![indexed(), pixels.clone(), end.clone()],
        vec![grey(), palette.clone(), pixels.clone(), end.clone()],
        vec![indexed(), palette.clone(), palette, pixels.clone(), end.clone()],
        vec![grey(), left, text, right, end.clone()],
        vec![grey(), chunk(b"NEED", &[]), pixels.clone(), end.clone()],
        vec![header(4, 4, 3, 0, 0), pixels.clone(), end.clone()],
        vec![header(4, 4, 16, 3, 0), pixels.clone(), end.clone()],
        vec![header(4, 4, 8, 5, 0), pixels.clone(), end.clone()],
        vec![header(4, 4, 8, 0, 2), pixels.clone(), end.clone()],
        vec![header(0, 4, 8, 0, 0), pixels, end],
    ];
    for chunks in cases {
        assert_eq!(code(&png_from(&chunks), None), ProblemCode::ImageInvalid, "{chunks:02x?}");
    }
}
