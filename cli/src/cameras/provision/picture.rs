//! The first picture of a camera: waits until the daemon has it, and shows it.

use std::time::Duration;

use parking_api::captures::Capture;
use parking_api::client::{self, Client};
use parking_api::{CameraId, CaptureId, Time};
use tokio::time::Instant;

use super::super::cable::Cable;
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

/// Which picture is waited for.
#[derive(Debug)]
pub struct Awaited {
    pub camera: CameraId,
    /// The last one before this device was set up.
    pub known: Option<CaptureId>,
    /// When the device reached the daemon. What came before is of the device whose place it took.
    pub since: Option<Time>,
    pub interval_s: u32,
}

impl Awaited {
    async fn look(&self, client: &Client) -> Result<Option<Capture>, client::Error> {
        let contact = client.camera(&self.camera).await?.contact;
        let Some(new) = contact.and_then(|contact| contact.capture_id).filter(|new| Some(*new) != self.known) else {
            return Ok(None);
        };
        let capture = client.capture(new).await?;
        Ok(Some(capture).filter(|capture| self.since.is_none_or(|since| capture.received_at >= since)))
    }

    pub async fn wait(&self, app: &App, client: &Client, cable: &mut Cable) -> Result<Capture, Error> {
        let interval = Duration::from_secs(self.interval_s.into());
        let until = Instant::now() + app.global.timeout.unwrap_or(PATIENCE + interval);
        let doing = format!("wait for the first picture of camera {}", self.camera);
        loop {
            let is_over = Instant::now() >= until;
            match self.look(client).await {
                Ok(Some(capture)) => return Ok(capture),
                Ok(None) => {}
                // A daemon that is away for a moment is asked again.
                Err(client::Error::Unreachable { .. } | client::Error::TimedOut { .. }) if !is_over => {}
                Err(error) => return Err(error.into()),
            }
            if is_over {
                let message = format!("{doing}: the camera reaches the daemon, and no picture of it came");
                return Err(Error::here(Exit::Device, "no_picture", message).hint(
                    "press the flat cable of the camera module home; `parkctl camera monitor` shows what the camera logs, \
                     `parkctl camera doctor` what it reports; --timeout SECONDS waits longer",
                ));
            }
            // What it logs meanwhile is often the reason.
            match cable.link.idle(LOOK).await {
                Some(Sign::Brownout) => return Err(Trouble::Brownout.at(&doing)),
                Some(Sign::Crashed) => return Err(Trouble::Crashed.at(&doing)),
                _ => {}
            }
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
