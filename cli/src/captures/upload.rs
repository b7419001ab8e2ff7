//! `capture upload`: pictures from files, each on its own: one that is refused does not stop the others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use parking_api::captures::{CAPTURE_BYTES_MAX, Capture};
use parking_api::client::{CaptureMeta, Client};
use parking_api::{CameraId, Committed};

use crate::app::{App, Batch, guarded};
use crate::args::Trial;
use crate::error::Error;
use crate::files;
use crate::times::When;

pub const EXAMPLES: &str = "\
JPEG and PNG, told by their content, up to 4 MiB and 12 megapixels each; - is standard input.

Examples:
  parkctl capture upload gate.jpg
  parkctl capture upload --camera cam-1 morning/*.jpg
  parkctl capture upload --captured-at 2026-11-23T05:17:55Z --camera cam-1 gate.jpg";

const JPEG_MAGIC: &[u8] = &[0xff, 0xd8, 0xff];
const PNG_MAGIC: &[u8] = b"\x89PNG\r\n\x1a\n";
/// The bar is drawn at most this often.
const TICK: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Pictures
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The camera that took them; a camera's own token says it already
    #[arg(long, value_name = "ID")]
    camera: Option<CameraId>,
    /// When they were taken: a time, or a span back from now such as 5m [default: when they arrive]
    #[arg(long, value_name = "WHEN")]
    captured_at: Option<When>,
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.changer(args.trial)?;
    let captured_at = args.captured_at.map(|at| at.before(app.now()));
    let meta = CaptureMeta { camera: args.camera, captured_at, idempotency_key: None };
    let bar = progress(app, args.files.len());
    let mut done: Vec<Committed<Capture>> = Vec::new();
    let mut batch = Batch::new();
    for (i, file) in args.files.iter().enumerate() {
        bar.set_message(files::name(file));
        match upload(&client, file, &meta).await {
            Ok(capture) => done.push(capture),
            Err(error) => {
                if !bar.suspend(|| batch.failed(app, &error)) {
                    let rest: Vec<_> = args.files[i + 1..].iter().map(|file| files::name(file)).collect();
                    bar.suspend(|| batch.skipped(app, &rest))?;
                    break;
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if !done.is_empty() {
        app.out.list(&done, "")?;
        app.done(&client, "")?;
    }
    batch.finish()
}

async fn upload(client: &Client, file: &Path, meta: &CaptureMeta) -> Result<Committed<Capture>, Error> {
    let bytes = Bytes::from(files::read(file)?);
    let refuse = |code, what: String| Err(Error::failed(code, format!("{} {what}", files::name(file))));
    if bytes.is_empty() {
        return refuse("image_empty", "is empty".into());
    }
    if bytes.len() > CAPTURE_BYTES_MAX {
        return refuse("body_too_large", format!("has {} bytes; {CAPTURE_BYTES_MAX} are allowed", bytes.len()));
    }
    let Some(content_type) = content_type(&bytes) else {
        return refuse("image_not_recognised", "is neither JPEG nor PNG".into());
    };
    let sent = guarded(None, async |guard| {
        let meta = CaptureMeta { idempotency_key: guard.idempotency_key.clone(), ..meta.clone() };
        client.capture_upload(bytes.clone(), content_type, &meta).await
    });
    sent.await.map_err(|error| error.about(&files::name(file)))
}

fn content_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(JPEG_MAGIC) {
        Some("image/jpeg")
    } else if bytes.starts_with(PNG_MAGIC) {
        Some("image/png")
    } else {
        None
    }
}

/// Hidden unless there are several files and somebody looks.
fn progress(app: &App, files: usize) -> ProgressBar {
    if files < 2 || !app.terminal.stderr_is_tty {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(files as u64), ProgressDrawTarget::stderr());
    let (full, color) = (if app.terminal.is_utf8 { "━╸ " } else { "=> " }, app.terminal.stderr_has_color);
    let template = if color { "{bar:24.green} {pos}/{len}  {wide_msg}" } else { "{bar:24} {pos}/{len}  {wide_msg}" };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars(full));
    }
    bar.enable_steady_tick(TICK);
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_first_bytes() {
        assert_eq!(content_type(&[0xff, 0xd8, 0xff, 0xe0, 0]), Some("image/jpeg"));
        assert_eq!(content_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        for bad in [&b""[..], b"GIF89a", b"\xff\xd8", b"<svg"] {
            assert_eq!(content_type(bad), None);
        }
    }
}
