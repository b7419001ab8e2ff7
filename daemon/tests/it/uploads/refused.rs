//! Everything that is not a picture has its own problem, and leaves nothing behind.

use parking_api::ProblemCode;
use parking_api::captures::CAPTURE_BYTES_MAX;

use super::files::{Part, form, form_type, jpeg, jpeg_announcing, png, png_of_zeros, sketch_form};
use super::*;

/// An upload by its name, declared type and body, and the code that it is refused with.
type Case = (&'static str, String, Vec<u8>, ProblemCode);

fn raw_cases() -> Vec<Case> {
    use ProblemCode::*;
    let (jpeg, png) = (jpeg(320, 240), png(64, 48));
    let case = |name, content_type: &str, body: &[u8], code| (name, content_type.to_string(), body.to_vec(), code);
    let five_mib = [&jpeg[..], &vec![0; 5 * 1024 * 1024]].concat();
    vec![
        case("no bytes", "image/jpeg", b"", ImageEmpty),
        case("another magic", "image/jpeg", b"GIF89a, not a jpeg at all", ImageNotRecognised),
        case("a page", "image/jpeg", b"<html><body>502 Bad Gateway</body></html>", ImageNotRecognised),
        case("half a JPEG", "image/jpeg", &jpeg[..jpeg.len() / 2], ImageTruncated),
        case("half a PNG", "image/png", &png[..png.len() / 2], ImageTruncated),
        case("a JPEG without its last byte", "image/jpeg", &jpeg[..jpeg.len() - 1], ImageTruncated),
        case("a JPEG declared as PNG", "image/png", &jpeg, ImageTypeMismatch),
        case("a PNG declared as JPEG", "image/jpeg", &png, ImageTypeMismatch),
        case("a JPEG declared as WebP", "image/webp", &jpeg, ImageTypeMismatch),
        case("text", "text/plain", &jpeg, UnsupportedMediaType),
        case("JSON", "application/json", b"{}", UnsupportedMediaType),
        case("5 MiB", "image/jpeg", &five_mib, BodyTooLarge),
        case("one byte too many", "image/jpeg", &five_mib[..CAPTURE_BYTES_MAX + 1], BodyTooLarge),
        case("a huge JPEG header", "image/jpeg", &jpeg_announcing(20_000), ImageTooLarge),
        case("a huge PNG header", "image/png", &png_of_zeros(20_000, 20_000, 100), ImageTooLarge),
        case("too many pixels in all", "image/png", &png_of_zeros(4_096, 4_096, 100), ImageTooLarge),
        case("a bomb", "image/png", &png_of_zeros(16, 16, 256 * 1024 * 1024), ImageInvalid),
        case("a PNG of too few pixels", "image/png", &png_of_zeros(4_000, 3_000, 100), ImageInvalid),
    ]
}

fn form_cases() -> Vec<Case> {
    use ProblemCode::*;
    let (jpeg, png) = (jpeg(320, 240), png(64, 48));
    let case = |name, body: Vec<u8>, code| (name, form_type(), body, code);
    let part = |disposition, content_type, body| form(&[Part { disposition, content_type, body }]);
    let file = "; name=\"imageFile\"; filename=\"esp32-cam.jpg\"";
    let five_mib = [&jpeg[..], &vec![0; 5 * 1024 * 1024]].concat();
    let cut = sketch_form(&jpeg);
    vec![
        case("a form without a file", part("; name=\"note\"", None, b"hello"), ImageMissing),
        case("an empty form", form(&[]), ImageMissing),
        case("a form with an empty file", part(file, Some("image/jpeg"), b""), ImageEmpty),
        case("a form with text as a file", part(file, Some("image/jpeg"), b"hello"), ImageNotRecognised),
        case("a form with half a JPEG", part(file, Some("image/jpeg"), &jpeg[..500]), ImageTruncated),
        case("a form that mistakes its file", part(file, Some("image/jpeg"), &png), ImageTypeMismatch),
        case("a form of 5 MiB", part(file, Some("image/jpeg"), &five_mib), BodyTooLarge),
        case("a file a little too large", part(file, None, &five_mib[..CAPTURE_BYTES_MAX + 1]), BodyTooLarge),
        case("a form that breaks off", cut[..cut.len() - 100].to_vec(), BadRequest),
        ("a form without a boundary", "multipart/form-data".into(), sketch_form(&jpeg), BadRequest),
    ]
}

#[tokio::test]
async fn what_is_not_a_picture_is_refused_by_its_own_name_and_leaves_nothing() {
    let mut gate = Gate::new().await;
    let before = gate.stored().await;
    for (name, content_type, body, code) in raw_cases().into_iter().chain(form_cases()) {
        let problem = upload(&gate.camera, &content_type, &body).await.problem();
        assert_eq!(problem.code, code, "{name}: {problem}");
        assert_eq!(gate.stored().await, before, "{name}");
    }
    assert!(gate.parkd.admin().ready().await.expect("an answer").ready);
    stored(&upload(&gate.camera, "image/jpeg", &jpeg(64, 48)).await);
    gate.parkd.verify();
    assert_eq!(gate.parkd.stop(), Some(0));
}

#[tokio::test]
async fn a_bomb_costs_no_memory() {
    let gate = Gate::new().await;
    stored(&upload(&gate.camera, "image/png", &png(64, 48)).await);
    let before = peak_kib(gate.parkd.pid());
    let bomb = png_of_zeros(16, 16, 512 * 1024 * 1024);
    assert!(bomb.len() < CAPTURE_BYTES_MAX, "it is small as long as it is packed");
    assert_eq!(upload(&gate.camera, "image/png", &bomb).await.code(), ProblemCode::ImageInvalid);
    let grown = peak_kib(gate.parkd.pid()) - before;
    assert!(grown < 64 * 1024, "512 MiB of zeros made the daemon {grown} KiB larger");
}

/// The most memory that a process has ever held.
fn peak_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[tokio::test]
async fn what_surrounds_a_picture_is_judged_as_well() {
    use ProblemCode::*;
    let gate = Gate::new().await;
    let before = gate.stored().await;
    let camera = |path: &str| gate.camera.request("POST", path).header("content-type", "image/jpeg").body(jpeg(8, 8));
    let admin = |path: &str| gate.admin.request("POST", path).header("content-type", "image/jpeg").body(jpeg(8, 8));
    let plain = "/api/capture";
    let long = "k".repeat(129);
    let cases = [
        (camera(plain).header("x-captured-at", "yesterday"), InvalidField, Some("X-Captured-At")),
        (camera(plain).header("x-captured-at", ""), InvalidField, Some("X-Captured-At")),
        (camera(plain).header("x-captured-at", "2026-13-01T00:00:00Z"), InvalidField, Some("X-Captured-At")),
        (camera(plain).header("x-captured-at", &b"\xff\xfe"[..]), InvalidField, Some("X-Captured-At")),
        (camera(plain).header("idempotency-key", ""), InvalidField, Some("Idempotency-Key")),
        (camera(plain).header("idempotency-key", long), InvalidField, Some("Idempotency-Key")),
        (camera(plain).header("idempotency-key", "with space"), InvalidField, Some("Idempotency-Key")),
        (camera("/api/capture?camera=cam-2"), Forbidden, None),
        (camera("/api/capture?camera=../../x"), InvalidField, Some("camera")),
        (camera("/api/capture?lot=../x"), InvalidField, Some("lot")),
        (camera("/api/capture?lot=nowhere"), LotNotFound, Some("lot")),
        (camera("/api/capture?name=a.jpg"), InvalidField, Some("name")),
        (admin("/api/capture?camera=cam-2"), CameraNotFound, Some("camera")),
        (admin("/api/capture?camera=%2e%2e"), InvalidField, Some("camera")),
    ];
    for (index, (request, code, field)) in cases.into_iter().enumerate() {
        let problem = answer(request).await.problem();
        assert_eq!((problem.code, problem.field.as_deref()), (code, field), "case {index}: {problem}");
    }
    assert_eq!(gate.stored().await, before);
}
