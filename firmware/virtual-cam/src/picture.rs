//! What a camera takes pictures of: the drawn lot, a folder of JPEGs, or whatever a test gives it.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::scene::day::Day;
use crate::scene::plan::CAMERAS;
use crate::scene::render::{Light, render};

/// Seed of the drawn day.
const SEED: u64 = 7;
/// Most pictures of a folder.
const FILES_MAX: usize = 10_000;

/// Where pictures come from.
pub enum Pictures {
    /// The lot of the demo, seen by one of its cameras.
    Drawn { day: Box<Day>, view: usize },
    /// These files, one after the other, over and over.
    Folder { files: Vec<PathBuf>, next: usize },
    /// The number of a picture becomes its bytes.
    Given(Box<dyn FnMut(u32) -> Vec<u8> + Send>),
}

impl std::fmt::Debug for Pictures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Drawn { .. } => "Drawn",
            Self::Folder { .. } => "Folder",
            Self::Given(_) => "Given",
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of the virtual camera that knows the hour, to draw it")]
fn local_ms() -> i64 {
    let zoned = Timestamp::now().to_zoned(TimeZone::try_system().unwrap_or(TimeZone::UTC));
    zoned.timestamp().as_millisecond() + i64::from(zoned.offset().seconds()) * 1_000
}

impl Pictures {
    /// The lot of the demo at this hour; cameras of different numbers stand at different places.
    pub fn drawn(number: usize) -> Self {
        Self::Drawn { day: Box::new(Day::new(SEED, local_ms())), view: number % CAMERAS.len() }
    }

    /// All JPEGs of a folder, by name.
    ///
    /// # Errors
    /// When it cannot be read or has none.
    pub fn folder(path: &Path) -> io::Result<Self> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path)?.take(FILES_MAX) {
            let file = entry?.path();
            let suffix = file.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
            if suffix.eq_ignore_ascii_case("jpg") || suffix.eq_ignore_ascii_case("jpeg") {
                files.push(file);
            }
        }
        files.sort();
        if files.is_empty() {
            return Err(io::Error::other(format!("{} holds no .jpg", path.display())));
        }
        Ok(Self::Folder { files, next: 0 })
    }

    /// The next picture; None when there is none to be had.
    pub(crate) fn take(&mut self, number: u32) -> Option<Vec<u8>> {
        match self {
            Self::Drawn { day, view } => {
                let now_ms = local_ms();
                day.advance(now_ms);
                let at = Timestamp::from_millisecond(now_ms).ok()?;
                let caption = at.strftime("%Y-%m-%d %H:%M:%S").to_string();
                let view = &CAMERAS.get(*view)?.view;
                render(view, &day.parked(), &day.blocked(), Light::at_local_ms(now_ms), &caption, number).ok()
            }
            Self::Folder { files, next } => {
                let file = &files[*next % files.len()];
                *next += 1;
                std::fs::read(file).ok()
            }
            Self::Given(make) => Some(make(number)),
        }
    }
}
