//! How long a picture of 800 × 600 takes from its upload to the terminal, what keys suffer meanwhile, and the memory that is left taken. The
//! terminal is the other end of a pseudo terminal, which says that it knows sixel or kitty, and takes what it is sent at once.

use std::fs::File;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use image::{ImageFormat, Rgb, RgbImage};
use parking_api::cameras::NewCamera;
use parking_api::client::{CaptureMeta, Client};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::task::JoinSet;

use super::{Result, START_LIMIT, rss_mib};

const PICTURES: usize = 12;
/// After so many beside the slots, and as many on the wall, the memory is looked at.
const MEMORY_PICTURES: usize = 25;
/// Between two keys of somebody who types, and the letters: like nothing else that is written, and so found again.
const TYPING: Duration = Duration::from_millis(80);
const LETTERS: [&str; 12] = ["α", "β", "γ", "δ", "ε", "ζ", "η", "θ", "κ", "λ", "μ", "ν"];
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
    let mut keys = Vec::new();
    let mut memory = 0.0_f64;
    let mut n = 0;
    for (name, args, answer, end, most) in [
        ("picture in cells p95, ms", "half", "", "", 150.0),
        ("picture as sixels p95, ms", "auto", SIXEL, "\x1bP0;1;0q", 400.0),
        ("picture for kitty p95, ms", "auto", KITTY, "\x1b_Ga=T", 400.0),
    ] {
        let terminal = Terminal::start(&bin.join("parktui"), home, args, answer)?;
        terminal.wait_for(FRAME_END, 0).await?;
        terminal.wait_for("cam-1", 0).await?;
        let (typed, written, is_over) = (terminal.keys.try_clone()?, Arc::clone(&terminal.written), Arc::default());
        let mut typist = JoinSet::new();
        typist.spawn(type_on(typed, written, Arc::clone(&is_over)));
        let mut times = Vec::new();
        for _ in 0..PICTURES {
            n += 1;
            tokio::time::sleep(GAP).await;
            times.push(shown(client, &terminal, end, n).await?);
        }
        is_over.store(true, Ordering::Relaxed);
        keys.extend(typist.join_next().await.ok_or("nobody typed")???);
        rows.push((name, share(&mut times, 0.95), most));
        // Away with the line that was typed.
        for place in ["\x15\x1b", "4"] {
            terminal.press(place)?;
            for _ in 0..MEMORY_PICTURES {
                n += 1;
                tokio::time::sleep(GAP).await;
                shown(client, &terminal, end, n).await?;
            }
        }
        memory = memory.max(rss_mib(&terminal.child.id().to_string())?);
    }
    rows.push(("key to frame p99, pictures, ms", share(&mut keys, 0.99), 16.0));
    rows.push(("memory with pictures, MiB", memory, 60.0));
    Ok(rows)
}

/// The time that this share (0 to 1) of them needed at most.
fn share(times: &mut [f64], share: f64) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get((times.len() as f64 * share) as usize).copied().unwrap_or(f64::NAN)
}

/// Milliseconds from the upload of a picture to the end of the frame that shows it.
async fn shown(client: &Client, terminal: &Terminal, end: &str, n: usize) -> Result<f64> {
    let from = terminal.len();
    let color = upload(client, n).await?;
    let begun = Instant::now();
    let sign = if end.is_empty() { format!("2;{};{};{}", color[0], color[1], color[2]) } else { end.into() };
    // The last of it has come when the frame ends.
    let at = terminal.wait_for(&sign, from).await?;
    terminal.wait_for(FRAME_END, at).await?;
    Ok(begun.elapsed().as_secs_f64() * 1000.0)
}

/// Somebody who types a command until `is_over`; how long each key took to the end of the frame that shows it, in milliseconds.
async fn type_on(mut keys: File, written: Written, is_over: Arc<AtomicBool>) -> std::io::Result<Vec<f64>> {
    let mut times = Vec::new();
    keys.write_all(b":")?;
    for n in 0.. {
        tokio::time::sleep(TYPING).await;
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        // The line does not get too long.
        if n % LETTERS.len() == 0 {
            keys.write_all(b"\x15")?;
            tokio::time::sleep(TYPING).await;
        }
        let letter = LETTERS[n % LETTERS.len()];
        let from = len(&written);
        let begun = Instant::now();
        keys.write_all(letter.as_bytes())?;
        let at = wait_for(&written, letter, from).await?;
        wait_for(&written, FRAME_END, at).await?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(times)
}

/// Uploads a picture that is like no other, with much to draw in it; the colour of most of it.
async fn upload(client: &Client, n: usize) -> Result<[u8; 3]> {
    let color = [200 - (n % 100) as u8, 40 + (n % 100) as u8, 90 + (n / 100) as u8];
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

/// How a frame ends.
const FRAME_END: &str = "\x1b[?2026l";

struct Terminal {
    child: Child,
    keys: File,
    written: Written,
}

/// All that was written to a terminal.
type Written = Arc<Mutex<Vec<u8>>>;

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
        let written = Written::default();
        let (mut from, keys) = (File::from(master.try_clone()?), File::from(master));
        let (mut to, kept) = (keys.try_clone()?, Arc::clone(&written));
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
        Ok(Self { child, keys, written })
    }

    fn press(&self, keys: &str) -> Result<()> {
        Ok((&self.keys).write_all(keys.as_bytes())?)
    }

    fn len(&self) -> usize {
        len(&self.written)
    }

    async fn wait_for(&self, text: &str, from: usize) -> Result<usize> {
        Ok(wait_for(&self.written, text, from).await?)
    }
}

/// Of what was written instead of what was waited for.
const EXCERPT_BYTES: usize = 400;

/// Waits until `text` was written after byte `from`, and says where.
async fn wait_for(written: &Written, text: &str, mut from: usize) -> std::io::Result<usize> {
    let begun = Instant::now();
    while begun.elapsed() < START_LIMIT {
        if let Some(at) = look(written, text, &mut from) {
            return Ok(at);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let written = written.lock().unwrap_or_else(PoisonError::into_inner);
    let last = String::from_utf8_lossy(&written[written.len().saturating_sub(EXCERPT_BYTES)..]).into_owned();
    Err(std::io::Error::other(format!("waited in vain for {text:?}, the last that came is {last:?}")))
}

fn len(written: &Written) -> usize {
    written.lock().unwrap_or_else(PoisonError::into_inner).len()
}

/// Where `text` stands after byte `from`, which moves on over what does not have it.
fn look(written: &Written, text: &str, from: &mut usize) -> Option<usize> {
    let written = written.lock().unwrap_or_else(PoisonError::into_inner);
    let found = find(&written[*from..], text.as_bytes()).map(|at| *from + at);
    *from = written.len().saturating_sub(text.len()).max(*from);
    found
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
