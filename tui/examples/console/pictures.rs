//! How long a picture of 800 × 600 takes from its upload to the terminal, and what keys suffer meanwhile. The terminal is the other end of a
//! pseudo terminal, which says that it knows sixel or kitty, and takes what it is sent at once.

use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use image::{ImageFormat, Rgb, RgbImage};
use parking_api::cameras::NewCamera;
use parking_api::client::{CaptureMeta, Client};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::{Result, START_LIMIT};

const PICTURES: usize = 12;
/// Between two pictures: a console shows two in a second.
const GAP: Duration = Duration::from_millis(700);
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// What is answered to the questions of the console: kitty, or an xterm with sixels; cells of 8 × 16.
const KITTY: &str = "\x1b_Gi=31;OK\x1b\\\x1b[6;16;8t\x1b[?62;c";
const SIXEL: &str = "\x1b[6;16;8t\x1b[?63;1;4c";

/// Name, milliseconds, and the most that they may be.
pub type Row = (&'static str, f64, f64);

pub async fn measure(client: &Client, bin: &Path, home: &Path) -> Result<Vec<Row>> {
    let camera: NewCamera = serde_json::from_value(serde_json::json!({ "id": "cam-1", "zone": "A", "interval_s": 1 }))?;
    client.camera_create(&camera).await?;
    upload(client, 0).await?;
    let mut rows = Vec::new();
    for (name, args, answer, end, most) in [
        ("picture in cells p95, ms", "half", "", "", 150.0),
        ("picture as sixels p95, ms", "auto", SIXEL, "\x1bP0;1;0q", 400.0),
        ("picture for kitty p95, ms", "auto", KITTY, "\x1b_Ga=T", 400.0),
    ] {
        let terminal = Terminal::start(&bin.join("parktui"), home, args, answer)?;
        terminal.wait_for("\x1b[?2026l", 0).await?;
        terminal.wait_for("cam-1", 0).await?;
        let mut times = Vec::new();
        for n in 1..=PICTURES {
            tokio::time::sleep(GAP).await;
            let from = terminal.len();
            let color = upload(client, n).await?;
            let begun = Instant::now();
            let sign = if end.is_empty() { format!("2;{};{};{}", color[0], color[1], color[2]) } else { end.into() };
            // The last of it has come when the frame ends.
            let at = terminal.wait_for(&sign, from).await?;
            terminal.wait_for("\x1b[?2026l", at).await?;
            times.push(begun.elapsed().as_secs_f64() * 1000.0);
        }
        times.sort_by(f64::total_cmp);
        rows.push((name, times[times.len() * 95 / 100], most));
    }
    Ok(rows)
}

/// Uploads a picture that is like no other, with much to draw in it; the colour of most of it.
async fn upload(client: &Client, n: usize) -> Result<[u8; 3]> {
    let color = [200 - n as u8, 40 + n as u8, 90];
    let image = RgbImage::from_fn(800, 600, |x, y| {
        let grain = ((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 27) as u8;
        if y < 300 { Rgb(color) } else { Rgb([(x / 4) as u8, (y / 3) as u8, grain * 4]) }
    });
    let mut png = Cursor::new(Vec::new());
    image.write_to(&mut png, ImageFormat::Png)?;
    let meta = CaptureMeta { camera: Some("cam-1".parse()?), ..CaptureMeta::default() };
    client.capture_upload(png.into_inner().into(), "image/png", &meta).await?;
    Ok(color)
}

struct Terminal {
    child: Child,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(program: &Path, home: &Path, images: &str, answer: &'static str) -> Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let slave = rustix::fs::open(&*ptsname(&master, Vec::new())?, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        tcsetwinsize(&slave, Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 })?;
        let child = Command::new(program)
            .args(["--images", images])
            .env_clear()
            .envs([("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LC_ALL", "C.UTF-8")])
            .env("HOME", home)
            .env("PARKD_DATA_DIR", home.join("data"))
            .stdin(Stdio::from(slave.try_clone()?))
            .stdout(Stdio::from(slave.try_clone()?))
            .stderr(Stdio::from(slave))
            .spawn()?;
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let (mut from, mut to, kept) = (File::from(master.try_clone()?), File::from(master), Arc::clone(&written));
        std::thread::spawn(move || {
            let mut buf = [0; 65_536];
            let mut is_answered = answer.is_empty();
            while let Ok(count @ 1..) = from.read(&mut buf) {
                let mut written = kept.lock().unwrap_or_else(PoisonError::into_inner);
                written.extend_from_slice(&buf[..count]);
                if !is_answered && find(&written, b"\x1b[c").is_some() {
                    is_answered = to.write_all(answer.as_bytes()).is_ok();
                }
            }
        });
        Ok(Self { child, written })
    }

    fn len(&self) -> usize {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Waits until `text` was written after byte `from`, and says where.
    async fn wait_for(&self, text: &str, from: usize) -> Result<usize> {
        let begun = Instant::now();
        loop {
            let found = {
                let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
                find(&written[from..], text.as_bytes())
            };
            if let Some(at) = found {
                return Ok(from + at);
            }
            if begun.elapsed() > START_LIMIT {
                return Err(format!("waited in vain for {text:?}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
