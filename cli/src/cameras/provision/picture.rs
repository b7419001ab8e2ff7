//! The first picture of a camera: waits until the daemon has it, and shows it.

use std::time::Duration;

use parking_api::captures::Capture;
use parking_api::client::Client;
use parking_api::{CameraId, CaptureId};
use tokio::time::Instant;

use super::super::cable::Cable;
use super::progress::Progress;
use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::bytes;
use crate::picture;
use crate::serial::{Sign, Trouble};

/// A camera takes its first picture right after it has joined; one that uploads rarely is given its interval and this.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(250);
/// Width of the picture that is fetched to be shown, in pixels.
const PIXELS: u32 = 320;

/// Waits for a picture of the camera other than `known`.
pub async fn first(
    app: &App,
    client: &Client,
    id: &CameraId,
    known: Option<CaptureId>,
    cable: &mut Cable,
    progress: &Progress,
) -> Result<Capture, Error> {
    let interval = Duration::from_secs(client.camera(id).await?.interval_s.into());
    let until = Instant::now() + app.global.timeout.unwrap_or(PATIENCE + interval);
    let doing = progress.at(&format!("wait for the first picture of camera {id}"));
    loop {
        let contact = client.camera(id).await?.contact;
        if let Some(capture) = contact.and_then(|contact| contact.capture_id).filter(|new| Some(*new) != known) {
            return Ok(client.capture(capture).await?);
        }
        // What it logs meanwhile is often the reason.
        match cable.link.idle(LOOK).await {
            Some(Sign::Brownout) => return Err(Trouble::Brownout.at(&doing)),
            Some(Sign::Crashed) => return Err(Trouble::Crashed.at(&doing)),
            _ => {}
        }
        if Instant::now() >= until {
            let message = format!("{doing}: the camera reaches the daemon, and no picture of it came");
            return Err(Error::here(Exit::Device, "no_picture", message).hint(
                "press the flat cable of the camera module home; `parkctl camera monitor` shows what the camera logs, \
                 `parkctl camera doctor` what it reports; --timeout SECONDS waits longer",
            ));
        }
    }
}

pub fn title(capture: &Capture) -> String {
    format!(
        "the daemon has its first picture: {}x{}, {}, {}",
        capture.width,
        capture.height,
        bytes(capture.bytes),
        capture.url
    )
}

/// Shows the picture where the terminal can; that it cannot be shown is no failure.
pub async fn show(app: &mut App, client: &Client, capture: &Capture) -> Result<(), Error> {
    if !app.terminal.shows_pictures() || app.out.format.is_json() {
        return Ok(());
    }
    let Ok(small) = client.image(&capture.key, Some(PIXELS)).await else { return Ok(()) };
    let width = app.terminal.width.map_or(picture::CELLS_MAX, u32::from);
    picture::lines(&small, width).map_or(Ok(()), |lines| app.out.picture(&lines))
}
