//! A file as the flash of a camera: sectors that are erased before they are written, and a power that can fail in between.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use camera_core::Text;
use camera_core::settings::{Claim, Place, Settings, Vault, Wifi};

use crate::cam::Network;

const SECTOR: usize = 4_096;
/// Room for each of the two firmware images, in bytes.
pub const IMAGE_MAX: usize = 1_966_080;
const ERASED: u8 = 0xff;

/// What a sector is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sector {
    Settings(Place),
    Boots,
    /// Which firmware runs.
    Firmware,
}

/// The power failed while something was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PowerCut;

/// Which firmware runs, as the boot loader knows it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Running {
    /// The one that the camera was flashed with.
    #[default]
    Factory,
    /// The one that was fetched.
    Fetched,
    /// The one that was fetched is to be started for the first time.
    New,
    /// It was started, and has not proved itself.
    Trial,
}

/// The flash of a camera.
#[derive(Debug)]
pub struct Flash {
    file: Option<File>,
    sectors: [Vec<u8>; 4],
    image: Vec<u8>,
}

impl Flash {
    /// One that is forgotten with the process.
    pub fn in_memory() -> Self {
        Self { file: None, sectors: std::array::from_fn(|_| vec![ERASED; SECTOR]), image: Vec::new() }
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
        flash.image = vec![0; len.saturating_sub(4 * SECTOR).min(IMAGE_MAX)];
        file.read_exact_at(&mut flash.image, (4 * SECTOR) as u64)?;
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
        let at = index(sector);
        let len = bytes.len().min(SECTOR).min(cut_at.unwrap_or(usize::MAX));
        self.sectors[at].fill(ERASED);
        self.sectors[at][..len].copy_from_slice(&bytes[..len]);
        self.keep(at * SECTOR, &self.sectors[at]);
        if cut_at.is_some() { Err(PowerCut) } else { Ok(()) }
    }

    /// Writes the image that is to be started next.
    pub fn write_image(&mut self, image: Vec<u8>) {
        self.keep(4 * SECTOR, &image);
        self.image = image;
        self.set_running(Running::New);
    }

    pub fn image(&self) -> &[u8] {
        &self.image
    }

    pub fn running(&self) -> Running {
        match self.sectors[3][0] {
            b'F' => Running::Fetched,
            b'N' => Running::New,
            b'T' => Running::Trial,
            _ => Running::Factory,
        }
    }

    pub fn set_running(&mut self, running: Running) {
        let word = match running {
            Running::Factory => b'0',
            Running::Fetched => b'F',
            Running::New => b'N',
            Running::Trial => b'T',
        };
        self.sectors[3][0] = word;
        self.keep(3 * SECTOR, &self.sectors[3]);
    }

    /// Writes through to the file. A disk that fails is a flash that forgets: the next start finds what is there.
    fn keep(&self, at: usize, bytes: &[u8]) {
        if let Some(file) = &self.file {
            let _ = file.write_all_at(bytes, at as u64);
        }
    }
}

fn index(sector: Sector) -> usize {
    match sector {
        Sector::Settings(Place::A) => 0,
        Sector::Settings(Place::B) => 1,
        Sector::Boots => 2,
        Sector::Firmware => 3,
    }
}
