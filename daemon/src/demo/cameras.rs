//! The cameras of the demo: the core that a board runs, on this machine, taking drawn pictures and uploading them over HTTP with tokens of
//! their own. What they do is decided there; here they only get their power. Knows no slots' states.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use virtual_cam::{Cam, Flash, Options, Pictures};

use super::plan::DemoCamera;
use super::stage::Stage;
use crate::clock::random_256;
use crate::serve::reachable;

/// How often a camera looks at its world.
const TURN: Duration = Duration::from_millis(50);

/// A camera that was set up before, and gets its power when it is run.
///
/// # Errors
/// When the system has no randomness to give.
pub fn new(camera: &'static DemoCamera, number: u32, token: &str, to: SocketAddr, stage: Stage) -> Result<Cam, String> {
    let chance = random_256().map_err(|e| format!("no randomness for a camera: {e}"))?;
    // No two starts may have the same chances: a camera names its pictures by them.
    let seed = chance.iter().fold(0, |seed: u64, byte| seed << 8 | u64::from(*byte));
    let options = Options { number, seed, ..Options::default() };
    let url = format!("http://{}", reachable(to));
    let flash = options.networks.first().map(|network| Flash::set_up(network, &url, token, camera.id));
    let pictures = Pictures::Given(Box::new(move |shot| stage.picture(&camera.view, shot)));
    Ok(Cam::new(options, flash.unwrap_or_else(Flash::in_memory), pictures))
}

/// Lets a camera run until `stop`, on the thread of the caller.
pub fn run(mut cam: Cam, name: &str, stop: &CancellationToken) {
    let began = Instant::now();
    while !stop.is_cancelled() {
        cam.advance(u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX));
        for line in String::from_utf8_lossy(&cam.said()).lines().filter(|line| !line.trim().is_empty()) {
            tracing::debug!(camera = name, line, "on the serial line of a camera");
        }
        std::thread::park_timeout(TURN);
    }
}
