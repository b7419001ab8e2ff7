//! Pictures from the daemon, and into files.

use std::io;
use std::path::PathBuf;

use bytes::Bytes;
use parking_api::CaptureId;
use parking_api::captures::Capture;
use parking_api::client::{CaptureQuery, Client};
use tokio::io::AsyncWriteExt;

use crate::pictures::{Ask, Subject};

/// A picture of more pixels is asked for smaller: it would take more memory here than all the rest.
const PIXELS_MAX: u64 = 2_000_000;

/// The picture that is asked for, large enough.
///
/// # Errors
/// Why it could not be had.
pub async fn fetch(client: &Client, ask: &Ask) -> Result<(Capture, Bytes), String> {
    let capture = match &ask.subject {
        Subject::One { capture, .. } => client.capture(*capture).await.map_err(|error| error.to_string())?,
        Subject::Before { camera, at } => {
            let query =
                CaptureQuery { camera: Some(camera.clone()), to: Some(*at), limit: Some(1), ..Default::default() };
            let page = client.captures(&query).await.map_err(|error| error.to_string())?;
            page.items.into_iter().next().ok_or_else(|| format!("{camera} has no picture of that time"))?
        }
    };
    let is_large = u64::from(capture.width) * u64::from(capture.height) > PIXELS_MAX;
    let width = is_large.then(|| u32::from(ask.cells.0) * u32::from(ask.drawing.cell.0));
    let bytes = client.image(&capture.key, width).await.map_err(|error| error.to_string())?;
    Ok((capture, bytes))
}

/// Writes a picture as it was uploaded to a file that is not there yet, and says which.
///
/// # Errors
/// Why it was not written.
pub async fn save(client: &Client, capture: CaptureId, path: String) -> Result<String, String> {
    let capture = client.capture(capture).await.map_err(|error| error.to_string())?;
    let bytes = client.image(&capture.key, None).await.map_err(|error| error.to_string())?;
    write(&bytes, path).await
}

/// Writes to a new file; a name that begins with `~/` is one in the home folder.
///
/// # Errors
/// Why it was not written.
pub async fn write(bytes: &[u8], path: String) -> Result<String, String> {
    match create(bytes, &path).await {
        Ok(()) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(format!("there is a file {path} already; choose another name"))
        }
        Err(error) => Err(format!("cannot write {path}: {error}")),
    }
}

async fn create(bytes: &[u8], path: &str) -> io::Result<()> {
    let path = match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    };
    let mut file = tokio::fs::OpenOptions::new().write(true).create_new(true).open(&path).await?;
    let written = async { file.write_all(bytes).await.and(file.flush().await) }.await;
    if written.is_err() {
        // Half a picture is none, and its name is to be free again.
        let _ = tokio::fs::remove_file(&path).await;
    }
    written
}
