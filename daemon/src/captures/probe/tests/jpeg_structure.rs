//! JPEGs taken apart and put together otherwise.

use super::*;

#[test]
fn markers_inside_a_segment_do_not_confuse_the_walk() {
    let inner = jpeg_of(16, 16);
    let exif = segment(0xE1, &[b"Exif\0\0", &inner[..]].concat());
    let comment = segment(0xFE, &[0xFF, 0xD9, 0xFF, 0xD8, 0xFF, 0xC0]);
    let fill = [0xFF; 3];
    let bytes = jpeg_with(&[&exif[..], &comment, &fill].concat(), &jpeg_of(64, 48));
    assert_eq!(probe(&bytes, None), Ok(Probed { content_type: JPEG, width: 64, height: 48, len: bytes.len() }));
    assert_eq!(code(&bytes[..exif.len()], None), ProblemCode::ImageTruncated);
}

#[test]
fn restart_markers_fill_bytes_and_several_scans_are_walked() {
    let jpeg = jpeg_of(64, 48);
    let scan = find(&jpeg, &[0xFF, 0xDA]);
    let end = jpeg.len() - 2;
    let progressive = {
        let mut front = jpeg[..scan].to_vec();
        let frame = find(&front, &[0xFF, 0xC0]);
        front[frame + 1] = 0xC2;
        front
    };
    let coded = [0x12, 0xFF, 0x00, 0x34, 0xFF, 0xD0, 0x56, 0xFF, 0xD7, 0x78, 0xFF, 0xFF, 0xFF, 0x00];
    let one = [&jpeg[scan..scan + 14], &coded].concat();
    let tables = segment(0xC4, &[0; 17]);
    let bytes = [&progressive[..], &one, &tables, &one, &[0xFF, 0xFF], &one, &jpeg[end..]].concat();
    assert_eq!(probe(&bytes, None), Ok(Probed { content_type: JPEG, width: 64, height: 48, len: bytes.len() }));
    let many = [&progressive[..], &one.repeat(65), &jpeg[end..]].concat();
    assert_eq!(code(&many, None), ProblemCode::ImageInvalid);
}

#[test]
fn malformed_jpeg_structure_is_refused() {
    let jpeg = jpeg_of(64, 48);
    let frame = find(&jpeg, &[0xFF, 0xC0]);
    let scan = find(&jpeg, &[0xFF, 0xDA]);
    let with = |at: usize, value: u8| {
        let mut bytes = jpeg.clone();
        bytes[at] = value;
        bytes
    };
    let frame_again = jpeg_with(&jpeg[frame..frame + 19], &jpeg);
    let no_frame = [&jpeg[..frame], &jpeg[frame + 19..]].concat();
    let no_scan = [&jpeg[..scan], &[0xFF, 0xD9]].concat();
    let empty_scan = [&jpeg[..scan + 14], &[0xFF, 0xD9]].concat();
    // Turned into comments, the quantisation tables are gone.
    let no_tables: Vec<u8> = jpeg.iter().map(|byte| if *byte == 0xDB { 0xFE } else { *byte }).collect();
    let mut cases = vec![frame_again, no_frame, no_scan, empty_scan, no_tables];
    // Lossless, differential and arithmetic frames; then 12 bits, height 0, no components, sampling 0, table 4.
    cases.extend([0xC3, 0xC5, 0xC9, 0xCA, 0xCF].map(|kind| with(frame + 1, kind)));
    cases.push(with(frame + 4, 12));
    cases.push([&jpeg[..frame + 5], &[0, 0], &jpeg[frame + 7..]].concat());
    cases.push(with(frame + 9, 0));
    cases.push(with(frame + 11, 0));
    cases.push(with(frame + 12, 4));
    cases.push(with(scan + 4, 0));
    cases.push(with(scan + 5, 99));
    for bytes in cases {
        assert_eq!(code(&bytes, None), ProblemCode::ImageInvalid, "{:?}", probe(&bytes, None));
    }
}
