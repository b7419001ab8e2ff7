//! Files to upload: pictures, things that look like pictures, and forms around them.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, RgbImage};

const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";

fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 3) as u8, (y * 5) as u8, (x * y) as u8]))
}

pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 80).encode_image(&picture(width, height)).expect("it encodes");
    out
}

pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let encoded =
        PngEncoder::new(&mut out).write_image(&picture(width, height), width, height, ExtendedColorType::Rgb8);
    encoded.expect("it encodes");
    out
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let len = u32::try_from(data.len()).expect("a short chunk").to_be_bytes();
    [&len[..], &body, &crc32fast::hash(&body).to_be_bytes()].concat()
}

/// A PNG that announces this size and unpacks to this many zeros.
pub fn png_of_zeros(width: u32, height: u32, zeros: usize) -> Vec<u8> {
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::new(4));
    let block = vec![0; 1024 * 1024];
    for start in (0..zeros).step_by(block.len()) {
        packed.write_all(&block[..block.len().min(zeros - start)]).expect("memory takes it");
    }
    let data = chunk(b"IDAT", &packed.finish().expect("memory takes it"));
    [PNG_MAGIC, &header, &data, &chunk(b"IEND", &[])].concat()
}

/// A JPEG whose header announces this size.
pub fn jpeg_announcing(side: u16) -> Vec<u8> {
    let mut bytes = jpeg(64, 48);
    let frame = bytes.windows(2).position(|window| window == [0xFF, 0xC0]).expect("a frame header");
    bytes[frame + 5..frame + 7].copy_from_slice(&side.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&side.to_be_bytes());
    bytes
}

/// Between the parts of every form here.
const BOUNDARY: &str = "ParkingFormBoundary";

/// One part of a form.
pub struct Part<'a> {
    /// What stands after `Content-Disposition: form-data`, as it is.
    pub disposition: &'a str,
    pub content_type: Option<&'a str>,
    pub body: &'a [u8],
}

/// The `Content-Type` of [`form`].
pub fn form_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

/// A form as a sketch for an ESP32-CAM writes it: by hand, head, picture, tail.
pub fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        out.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data{}\r\n", part.disposition).as_bytes(),
        );
        if let Some(content_type) = part.content_type {
            out.extend_from_slice(format!("Content-Type: {content_type}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(part.body);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    out
}

/// A form with one picture, named as common sketches name it.
pub fn sketch_form(body: &[u8]) -> Vec<u8> {
    let disposition = "; name=\"imageFile\"; filename=\"esp32-cam.jpg\"";
    form(&[Part { disposition, content_type: Some("image/jpeg"), body }])
}
