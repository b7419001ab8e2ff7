//! Generated pictures through the one door, and everything that may be wrong with them.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ColorType, DynamicImage, ExtendedColorType, ImageEncoder, RgbImage, Rgba};
use proptest::prelude::*;

use super::*;

mod jpeg_structure;
mod png_structure;
mod thumbnails;

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 7) as u8, (y * 5) as u8, (x * y) as u8]))
}

fn jpeg_of(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 80).encode_image(&picture(width, height)).expect("it encodes");
    out
}

fn png_as(width: u32, height: u32, colour: ColorType) -> Vec<u8> {
    let picture = DynamicImage::ImageRgb8(picture(width, height));
    let converted = match colour {
        ColorType::L8 => DynamicImage::ImageLuma8(picture.to_luma8()),
        ColorType::La8 => DynamicImage::ImageLumaA8(picture.to_luma_alpha8()),
        ColorType::Rgba8 => DynamicImage::ImageRgba8(picture.to_rgba8()),
        ColorType::L16 => DynamicImage::ImageLuma16(picture.to_luma16()),
        ColorType::Rgba16 => DynamicImage::ImageRgba16(picture.to_rgba16()),
        _ => picture,
    };
    let mut out = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut out, CompressionType::Fast, FilterType::Adaptive);
    converted.write_with_encoder(encoder).expect("it encodes");
    out
}

fn png_of(width: u32, height: u32) -> Vec<u8> {
    png_as(width, height, ColorType::Rgb8)
}

fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let len = u16::try_from(data.len() + 2).expect("a short segment").to_be_bytes();
    [&[0xFF, marker][..], &len, data].concat()
}

/// A JPEG with this in front of everything but SOI.
fn jpeg_with(front: &[u8], jpeg: &[u8]) -> Vec<u8> {
    [&jpeg[..2], front, &jpeg[2..]].concat()
}

fn find(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).position(|window| window == needle).expect("it is there")
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let len = u32::try_from(data.len()).expect("a short chunk").to_be_bytes();
    [&len[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

fn header(width: u32, height: u32, depth: u8, colour: u8, interlace: u8) -> Vec<u8> {
    chunk(b"IHDR", &[&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, colour, 0, 0, interlace]].concat())
}

fn png_from(chunks: &[Vec<u8>]) -> Vec<u8> {
    [png::MAGIC.to_vec(), chunks.concat()].concat()
}

fn code(bytes: &[u8], declared: Option<&str>) -> ProblemCode {
    probe(bytes, declared).expect_err("it is refused").code()
}

#[test]
fn whole_pictures_are_accepted_with_their_size() {
    let cases = [
        (jpeg_of(64, 48), JPEG, 64, 48),
        (jpeg_of(1, 1), JPEG, 1, 1),
        (png_of(64, 48), PNG, 64, 48),
        (png_as(33, 17, ColorType::L8), PNG, 33, 17),
        (png_as(33, 17, ColorType::La8), PNG, 33, 17),
        (png_as(33, 17, ColorType::Rgba8), PNG, 33, 17),
        (png_as(33, 17, ColorType::L16), PNG, 33, 17),
        (png_as(33, 17, ColorType::Rgba16), PNG, 33, 17),
    ];
    for (bytes, content_type, width, height) in cases {
        assert_eq!(probe(&bytes, None), Ok(Probed { content_type, width, height, len: bytes.len() }));
    }
}

#[test]
fn bytes_after_the_end_mark_are_cut_off() {
    for whole in [jpeg_of(40, 30), png_of(40, 30)] {
        for padding in [&[0; 512][..], b"\r\n", &[0xFF, 0xD9, 0xFF, 0xD8]] {
            let padded = [&whole[..], padding].concat();
            assert_eq!(probe(&padded, None).map(|probed| probed.len), Ok(whole.len()));
        }
    }
}

#[test]
fn each_kind_of_wrong_upload_has_its_own_code() {
    let (jpeg, png) = (jpeg_of(64, 48), png_of(64, 48));
    assert_eq!(code(&[], None), ProblemCode::ImageEmpty);
    assert_eq!(code(b"GIF89a....", None), ProblemCode::ImageNotRecognised);
    assert_eq!(code(b"<html>", Some("image/jpeg")), ProblemCode::ImageNotRecognised);
    assert_eq!(code(&jpeg, Some("image/png")), ProblemCode::ImageTypeMismatch);
    assert_eq!(code(&png, Some("image/jpeg; q=1")), ProblemCode::ImageTypeMismatch);
    assert_eq!(code(&jpeg[..jpeg.len() / 2], None), ProblemCode::ImageTruncated);
    assert_eq!(code(&png[..png.len() / 2], None), ProblemCode::ImageTruncated);
    assert_eq!(code(&[0xFF, 0xD8, 0xFF, 0xD9], None), ProblemCode::ImageInvalid);
    assert_eq!(code(&png_from(&[header(20_000, 20_000, 8, 2, 0)]), None), ProblemCode::ImageTooLarge);
    let message = probe(b"GIF89a....", None).expect_err("it is refused").to_string();
    assert!(message.contains("47 49 46 38 39 61"), "{message}");
}

#[test]
fn a_declared_type_counts_only_when_it_names_an_image() {
    let jpeg = jpeg_of(8, 8);
    for fine in
        ["image/jpeg", "IMAGE/JPEG", "image/jpg", "image/pjpeg", " image/jpeg ; x=y", "application/octet-stream", ""]
    {
        assert!(probe(&jpeg, Some(fine)).is_ok(), "{fine:?}");
    }
    for wrong in ["image/png", "image/webp", "image/svg+xml"] {
        assert_eq!(code(&jpeg, Some(wrong)), ProblemCode::ImageTypeMismatch, "{wrong:?}");
    }
}

#[test]
fn size_is_judged_from_the_header_alone() {
    let mut huge = jpeg_of(64, 48);
    let frame = find(&huge, &[0xFF, 0xC0]);
    huge[frame + 5..frame + 9].copy_from_slice(&[0x4E, 0x20, 0x4E, 0x20]);
    assert_eq!(probe(&huge[..frame + 19], None), Err(ProbeError::TooLarge { width: 20_000, height: 20_000 }));
    // Each side is allowed, the product is not.
    assert_eq!(code(&png_from(&[header(4096, 4096, 8, 2, 0)]), None), ProblemCode::ImageTooLarge);
    assert_eq!(code(&png_from(&[header(4097, 1, 8, 2, 0)]), None), ProblemCode::ImageTooLarge);
    assert_eq!(code(&png_from(&[header(4000, 3000, 8, 2, 0)]), None), ProblemCode::ImageTruncated);
}

#[test]
fn every_strict_prefix_is_truncated_or_not_recognised() {
    for whole in [jpeg_of(40, 30), png_of(40, 30), png_as(9, 9, ColorType::La8)] {
        for len in 1..whole.len() {
            let code = code(&whole[..len], None);
            assert!(matches!(code, ProblemCode::ImageTruncated | ProblemCode::ImageNotRecognised), "{len}: {code:?}");
        }
    }
}

#[test]
fn no_flipped_bit_makes_the_walk_panic() {
    for whole in [jpeg_of(24, 16), png_of(24, 16)] {
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let probed = probe(&bytes, None);
                assert!(whole.starts_with(b"\xFF") || probed.is_err(), "a PNG proves every byte: {at}");
            }
        }
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic(tail in proptest::collection::vec(any::<u8>(), 0..600), start in 0..3) {
        let magic: &[u8] = [&[][..], jpeg::MAGIC, png::MAGIC][start as usize];
        let bytes = [magic, &tail].concat();
        if let Ok(probed) = probe(&bytes, None) {
            prop_assert!(probed.len <= bytes.len());
        }
    }
}
