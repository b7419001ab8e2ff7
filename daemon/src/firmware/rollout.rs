//! Who shall run which firmware, and how far each camera is. Pure.

use parking_api::CameraId;
use parking_api::cameras::Contact;
use parking_api::firmware::{
    CameraProgress, Firmware, FirmwareStatus, Progress, RollOut, SILENT_S, WENT_BACK_PERCENT_MAX,
};

/// Digits of an image's hash by which a camera names it.
const MARK_DIGITS: usize = 16;

/// A camera, and what was last heard of it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub camera: CameraId,
    pub contact: Option<Contact>,
    /// For how long nothing was heard of it, in milliseconds.
    pub silence_ms: i64,
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
    let mut meant: Vec<&Seen> = cameras.iter().filter(|seen| is_meant(firmware, roll_out, seen)).collect();
    meant.sort_by_key(|seen| (place(&seen.camera), &seen.camera));
    meant.truncate((meant.len() * usize::from(roll_out.percent)).div_ceil(100));
    meant
}

fn is_meant(firmware: &Firmware, roll_out: &RollOut, seen: &Seen) -> bool {
    match roll_out.cameras.is_empty() {
        true => seen.is_of(&firmware.board),
        // Whether it is of that board it says itself, where nobody knows yet.
        false => roll_out.cameras.contains(&seen.camera),
    }
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
    let own = health.filter(|health| health.update_of.as_deref() == mark);
    let word = own.and_then(|health| health.update.clone());
    let version = health.and_then(|health| health.firmware.clone());
    let is_told = contact.is_some_and(|contact| contact.seen_at >= roll_out.began_at);
    let is_since = contact.is_some_and(|contact| contact.health_at >= Some(roll_out.began_at));
    let is_silent = is_since && seen.silence_ms > i64::from(SILENT_S) * 1_000;
    // What came of an earlier attempt says nothing of this one.
    let attempt = own.and_then(|health| health.update_attempt);
    let is_of_this = attempt.map_or(is_since, |attempt| attempt == roll_out.attempt());
    let state = match word.as_deref() {
        Some("written" | "trial") if is_silent => Progress::Silent,
        Some("trial" | "interrupted") => Progress::Trying,
        // Whatever version it says it is.
        Some("valid") => Progress::Running,
        _ if version.as_deref() == Some(&firmware.version) => Progress::Running,
        Some("went_back") if is_of_this => Progress::WentBack,
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

/// How many started it and were not heard of since.
pub fn silent(status: &FirmwareStatus) -> usize {
    status.cameras.iter().filter(|camera| camera.state == Progress::Silent).count()
}

/// Whether so many have gone back or died of it that no more should be told of it.
pub fn is_bad(status: &FirmwareStatus) -> bool {
    let bad = status.went_back + silent(status);
    bad > 0 && bad * 100 >= status.cameras.len() * WENT_BACK_PERCENT_MAX
}

/// What a camera is to fetch: the last that was rolled out to it, unless it runs that or went back from it. `all` are looked at only where
/// it depends on them: this is asked at each upload.
pub fn offered(mut active: Vec<Firmware>, camera: &Seen, all: impl Fn() -> Vec<Seen>) -> Option<Firmware> {
    active.sort_by_key(|firmware| std::cmp::Reverse(firmware.rev));
    for firmware in active {
        let Some(roll_out) = firmware.roll_out.as_ref().filter(|roll_out| is_meant(&firmware, roll_out, camera)) else {
            continue;
        };
        if matches!(progress(&firmware, roll_out, camera).state, Progress::Running | Progress::WentBack) {
            return None;
        }
        if roll_out.percent >= 100 || chosen(&firmware, &all()).iter().any(|chosen| chosen.camera == camera.camera) {
            return Some(firmware);
        }
    }
    None
}

#[cfg(test)]
mod tests;
