//! Thumbnails of generated pictures.

use super::*;

proptest! {
    #[test]
    fn what_is_accepted_makes_a_thumbnail_no_wider_than_asked(width in 1u32..90, height in 1u32..90, want in 0u32..120) {
        for (bytes, content_type) in [(jpeg_of(width, height), JPEG), (png_of(width, height), PNG)] {
            let small = probe(&thumbnail(&bytes, content_type, want).expect("it decodes"), Some(JPEG)).expect("it is whole");
            prop_assert_eq!(small.width, want.clamp(1, width));
            let exact = f64::from(height) * f64::from(small.width) / f64::from(width);
            prop_assert!((f64::from(small.height) - exact.max(1.0)).abs() <= 0.5, "{} for {exact}", small.height);
        }
    }
}

#[test]
fn a_thumbnail_is_turned_as_the_metadata_says() {
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    let turned = jpeg_with(&segment(0xE1, &exif), &jpeg_of(80, 40));
    let small = probe(&thumbnail(&turned, JPEG, 20).expect("it decodes"), None).expect("it is whole");
    assert_eq!((small.width, small.height), (20, 40));
    exif.truncate(12);
    let broken = jpeg_with(&segment(0xE1, &exif), &jpeg_of(80, 40));
    assert!(thumbnail(&broken, JPEG, 20).is_ok(), "unreadable metadata does not spoil a picture");
}

#[test]
fn transparent_parts_of_a_thumbnail_are_white() {
    let clear = image::RgbaImage::from_pixel(64, 64, Rgba([0, 0, 0, 0]));
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(&clear, 64, 64, ExtendedColorType::Rgba8).expect("it encodes");
    let small = image::load_from_memory(&thumbnail(&png, PNG, 8).expect("it decodes")).expect("it decodes").to_rgb8();
    assert!(small.pixels().all(|pixel| pixel.0.iter().all(|channel| *channel > 250)));
}

#[test]
fn a_picture_of_twelve_megapixels_makes_a_thumbnail() {
    let bytes = jpeg_of(4000, 3000);
    let small = probe(&thumbnail(&bytes, JPEG, 320).expect("it decodes"), None).expect("it is whole");
    assert_eq!((small.width, small.height), (320, 240));
}

#[test]
fn what_cannot_be_decoded_makes_no_thumbnail() {
    for (bytes, content_type) in [(&b"\xFF\xD8\xFF\xE0"[..], JPEG), (png::MAGIC, PNG), (b"", PNG)] {
        let error = thumbnail(bytes, content_type, 100).expect_err("it is refused");
        assert_eq!(error.code(), ProblemCode::ImageInvalid);
    }
}
