//! Who shall run which firmware, and how far each camera is. Pure.

use parking_api::CameraId;
use parking_api::cameras::Contact;
use parking_api::firmware::{CameraProgress, Firmware, FirmwareStatus, Progress, RollOut, WENT_BACK_PERCENT_MAX};

/// Digits of an image's hash by which a camera names it.
const MARK_DIGITS: usize = 16;

/// A camera, and what was last heard of it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub camera: CameraId,
    pub contact: Option<Contact>,
}

impl Seen {
    fn is_of(&self, board: &str) -> bool {
        let health = self.contact.as_ref().and_then(|contact| contact.health.as_ref());
        health.and_then(|health| health.board.as_deref()) == Some(board)
    }
}

/// Whether anybody is told of it.
pub fn is_active(firmware: &Firmware) -> bool {
    firmware.roll_out.as_ref().is_some_and(|roll_out| roll_out.percent > 0 && roll_out.stopped_at.is_none())
}

/// Those who shall run it: of its board the first by a hash of their ids, as many as that many percent are, rounded up. So it is the
/// same ones every time, and more percent only add to them.
pub fn chosen<'a>(firmware: &Firmware, cameras: &'a [Seen]) -> Vec<&'a Seen> {
    let Some(roll_out) = &firmware.roll_out else { return Vec::new() };
    let is_meant = |seen: &&Seen| match roll_out.cameras.is_empty() {
        true => seen.is_of(&firmware.board),
        // Whether it is of that board it says itself, where nobody knows yet.
        false => roll_out.cameras.contains(&seen.camera),
    };
    let mut meant: Vec<&Seen> = cameras.iter().filter(is_meant).collect();
    meant.sort_by_key(|seen| (place(&seen.camera), &seen.camera));
    meant.truncate((meant.len() * usize::from(roll_out.percent)).div_ceil(100));
    meant
}

/// The same on every daemon and in every version of it (FNV-1a, 64 bits).
fn place(camera: &CameraId) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    camera.as_str().bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// How far one of the chosen is.
fn progress(firmware: &Firmware, roll_out: &RollOut, seen: &Seen) -> CameraProgress {
    let contact = seen.contact.as_ref();
    let health = contact.and_then(|contact| contact.health.as_ref());
    let mark = firmware.sha256.get(..MARK_DIGITS);
    let word = health.filter(|health| health.update_of.as_deref() == mark).and_then(|health| health.update.clone());
    let version = health.and_then(|health| health.firmware.clone());
    let is_told = contact.is_some_and(|contact| contact.seen_at >= roll_out.began_at);
    let state = match word.as_deref() {
        Some("trial" | "interrupted") => Progress::Trying,
        _ if version.as_deref() == Some(&firmware.version) => Progress::Running,
        Some("went_back") => Progress::WentBack,
        Some("fetching" | "written") => Progress::Fetching,
        Some(_) => Progress::Failed,
        None if is_told => Progress::Told,
        None => Progress::Waiting,
    };
    CameraProgress {
        camera: seen.camera.clone(),
        state,
        version,
        word,
        heard_at: contact.map(|contact| contact.seen_at),
    }
}

/// How far everybody is.
pub fn status(firmware: &Firmware, cameras: &[Seen]) -> FirmwareStatus {
    let chosen = chosen(firmware, cameras);
    let mut all: Vec<_> = match &firmware.roll_out {
        Some(roll_out) => chosen.iter().map(|seen| progress(firmware, roll_out, seen)).collect(),
        None => Vec::new(),
    };
    all.sort_by(|a, b| a.camera.cmp(&b.camera));
    let count = |state| all.iter().filter(|camera| camera.state == state).count();
    FirmwareStatus {
        of_board: cameras.iter().filter(|seen| seen.is_of(&firmware.board)).count(),
        running: count(Progress::Running),
        went_back: count(Progress::WentBack),
        firmware: firmware.clone(),
        cameras: all,
    }
}

/// Whether so many have gone back that no more should be told of it.
pub fn is_bad(status: &FirmwareStatus) -> bool {
    status.went_back > 0 && status.went_back * 100 >= status.cameras.len() * WENT_BACK_PERCENT_MAX
}

/// What a camera is to fetch: the last that was rolled out to it, unless it runs that or went back from it.
pub fn offered<'a>(
    firmwares: impl Iterator<Item = &'a Firmware>,
    cameras: &[Seen],
    camera: &CameraId,
) -> Option<&'a Firmware> {
    let began = |firmware: &Firmware| firmware.roll_out.as_ref().map(|roll_out| (roll_out.began_at, firmware.rev));
    let mut active: Vec<_> = firmwares.filter(|firmware| is_active(firmware)).collect();
    active.sort_by_key(|firmware| std::cmp::Reverse(began(firmware)));
    active.into_iter().find_map(|firmware| {
        let seen = chosen(firmware, cameras).into_iter().find(|seen| seen.camera == *camera)?;
        let state = progress(firmware, firmware.roll_out.as_ref()?, seen).state;
        Some(Some(firmware).filter(|_| !matches!(state, Progress::Running | Progress::WentBack)))
    })?
}

#[cfg(test)]
mod tests;
