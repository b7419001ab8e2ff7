//! A file as the flash of a camera: sectors that are erased before they are written, two places for firmware, and a power that can fail in
//! between.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use camera_core::Text;
use camera_core::settings::{Claim, Place, Settings, Vault, Wifi, crc32};

use crate::cam::Network;

const SECTOR: usize = 4_096;
/// Settings twice, starts, and twice which firmware runs.
const SECTORS: usize = 5;
/// Room for each of the two firmware images, in bytes.
pub const IMAGE_MAX: usize = 1_966_080;
const ERASED: u8 = 0xff;
/// Length of what says which firmware runs: number, place, state, check sum.
const CHOICE_LEN: usize = 10;

/// What a sector is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sector {
    Settings(Place),
    Boots,
}

/// The power failed while something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerCut;

/// How far the firmware is that runs, or is to be started next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is to be started for the first time.
    New,
    /// It was started, and has not proved itself.
    Trial,
    Valid,
}

/// Which of the two firmwares runs. The camera was flashed with the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// 0 or 1.
    pub place: usize,
    pub state: State,
}

impl Choice {
    /// Of a camera that never had another firmware.
    const FACTORY: Self = Self { place: 0, state: State::Valid };
}

/// The flash of a camera.
#[derive(Debug)]
pub struct Flash {
    file: Option<File>,
    sectors: [Vec<u8>; SECTORS],
    /// The first is empty until something is fetched into it: then the camera runs what it was flashed with.
    images: [Vec<u8>; 2],
}

impl Flash {
    /// One that is forgotten with the process.
    pub fn in_memory() -> Self {
        let sectors = std::array::from_fn(|_| vec![ERASED; SECTOR]);
        Self { file: None, sectors, images: [Vec::new(), Vec::new()] }
    }

    /// One in memory, of a camera that was set up before: it knows its network, its daemon and who it is there.
    pub fn set_up(network: &Network, url: &str, token: &str, camera: &str) -> Self {
        let wifi = Wifi { ssid: Text::cut(&network.ssid), password: Text::cut(&network.password) };
        let claim = Claim { url: Text::cut(url), token: Text::cut(token), camera: Text::cut(camera) };
        let settings = Settings { wifi: Some(wifi), claim: Some(claim), ..Settings::default() };
        let (place, record) = Vault::open(&[], &[]).0.write(&settings);
        let mut flash = Self::in_memory();
        // Nothing cuts the power here.
        let _ = flash.write(Sector::Settings(place), record.as_bytes(), None);
        flash
    }

    /// One in a file, which is made when there is none.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut flash = Self::in_memory();
        let len = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        for (at, sector) in flash.sectors.iter_mut().enumerate().filter(|(at, _)| (at + 1) * SECTOR <= len) {
            file.read_exact_at(sector, (at * SECTOR) as u64)?;
        }
        for (place, image) in flash.images.iter_mut().enumerate() {
            let at = image_at(place);
            let mut bytes = vec![0; len.saturating_sub(at).min(IMAGE_MAX)];
            file.read_exact_at(&mut bytes, at as u64)?;
            // What was never written is a hole in the file, or erased.
            while bytes.last().is_some_and(|byte| matches!(*byte, 0 | ERASED)) {
                bytes.pop();
            }
            *image = bytes;
        }
        flash.file = Some(file);
        Ok(flash)
    }

    pub fn read(&self, sector: Sector) -> &[u8] {
        &self.sectors[index(sector)]
    }

    /// Erases the sector, then writes from its beginning; when the power fails at `cut_at`, no further.
    ///
    /// # Errors
    /// When the power failed.
    pub fn write(&mut self, sector: Sector, bytes: &[u8], cut_at: Option<usize>) -> Result<(), PowerCut> {
        self.write_sector(index(sector), bytes, cut_at)
    }

    fn write_sector(&mut self, at: usize, bytes: &[u8], cut_at: Option<usize>) -> Result<(), PowerCut> {
        let len = bytes.len().min(SECTOR).min(cut_at.unwrap_or(usize::MAX));
        self.sectors[at].fill(ERASED);
        self.sectors[at][..len].copy_from_slice(&bytes[..len]);
        self.keep(at * SECTOR, &self.sectors[at]);
        if cut_at.is_some() { Err(PowerCut) } else { Ok(()) }
    }

    /// What is in a place for firmware.
    pub fn image(&self, place: usize) -> &[u8] {
        &self.images[place]
    }

    /// Erases the place of the firmware that does not run.
    pub fn erase_spare(&mut self) {
        let spare = self.spare();
        self.keep(image_at(spare), &vec![ERASED; self.images[spare].len()]);
        self.images[spare].clear();
    }

    /// Writes more of an image there; when the power fails at `cut_at`, no further.
    ///
    /// # Errors
    /// When the power failed.
    pub fn write_spare(&mut self, bytes: &[u8], cut_at: Option<usize>) -> Result<(), PowerCut> {
        let spare = self.spare();
        let at = self.images[spare].len();
        let bytes = &bytes[..bytes.len().min(IMAGE_MAX - at).min(cut_at.unwrap_or(usize::MAX))];
        self.images[spare].extend_from_slice(bytes);
        self.keep(image_at(spare) + at, bytes);
        if cut_at.is_some() { Err(PowerCut) } else { Ok(()) }
    }

    fn spare(&self) -> usize {
        1 - self.running().place
    }

    /// Which firmware is started, by the newest whole record.
    pub fn running(&self) -> Choice {
        self.choices().map_or(Choice::FACTORY, |(_, choice, _)| choice)
    }

    /// Says which firmware is started, in the older of the two records, so that a power cut leaves what was said before.
    ///
    /// # Errors
    /// When the power failed.
    pub fn choose(&mut self, choice: Choice, cut_at: Option<usize>) -> Result<(), PowerCut> {
        let (number, sector) = self.choices().map_or((0, 0), |(number, _, at)| (number + 1, 1 - at));
        let state = match choice.state {
            State::New => b'N',
            State::Trial => b'T',
            State::Valid => b'V',
        };
        let [a, b, c, d] = u32::to_le_bytes(number);
        let mut record = vec![a, b, c, d, choice.place as u8, state];
        record.extend(crc32(&record).to_le_bytes());
        self.write_sector(3 + sector, &record, cut_at)
    }

    /// Number, content and place of the newest record.
    fn choices(&self) -> Option<(u32, Choice, usize)> {
        let read = |at: usize| {
            let (head, crc) = self.sectors[3 + at][..CHOICE_LEN].split_last_chunk::<4>()?;
            let [a, b, c, d, place @ 0..=1, state] = *head else { return None };
            let state = match state {
                b'N' => State::New,
                b'T' => State::Trial,
                b'V' => State::Valid,
                _ => return None,
            };
            let is_whole = crc32(head) == u32::from_le_bytes(*crc);
            is_whole.then_some((u32::from_le_bytes([a, b, c, d]), Choice { place: place.into(), state }, at))
        };
        [read(0), read(1)].into_iter().flatten().max_by_key(|(number, ..)| *number)
    }

    /// Writes through to the file. A disk that fails is a flash that forgets: the next start finds what is there.
    fn keep(&self, at: usize, bytes: &[u8]) {
        if let Some(file) = &self.file {
            let _ = file.write_all_at(bytes, at as u64);
        }
    }
}

fn image_at(place: usize) -> usize {
    SECTORS * SECTOR + place * IMAGE_MAX
}

fn index(sector: Sector) -> usize {
    match sector {
        Sector::Settings(Place::A) => 0,
        Sector::Settings(Place::B) => 1,
        Sector::Boots => 2,
    }
}
