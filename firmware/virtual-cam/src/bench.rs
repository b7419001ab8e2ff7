//! A camera on a bench: as time passes, with a pty for its cable. The other end of the pty is what a person plugs a cable into.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use camera_core::Settings;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

use crate::cam::Cam;

/// How long it waits for bytes before it looks at everything else.
const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };

/// What is known of a camera that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    pub settings: Settings,
    /// Pictures that the daemon has accepted.
    pub accepted: u32,
    /// Pictures that wait.
    pub waiting: usize,
}

/// A camera that runs until this is dropped.
#[derive(Debug)]
pub struct Bench {
    path: PathBuf,
    link: Option<PathBuf>,
    seen: Arc<Mutex<Seen>>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Bench {
    /// Gives the camera power, and lets it be found at `link` too.
    ///
    /// # Errors
    /// When there is no pty to be had, or the link is there already.
    pub fn start(cam: Cam, link: Option<&Path>) -> io::Result<Self> {
        let (master, slave, path) = line()?;
        if let Some(link) = link {
            // What an earlier camera left behind; a file of somebody else is left alone.
            if std::fs::symlink_metadata(link).is_ok_and(|about| about.is_symlink()) {
                std::fs::remove_file(link)?;
            }
            symlink(&path, link)?;
        }
        let (stop, stopped) = channel();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shown = Arc::clone(&seen);
        let thread = std::thread::spawn(move || run(cam, master, slave, &shown, &stopped));
        Ok(Self { path, link: link.map(Path::to_path_buf), seen, stop, thread: Some(thread) })
    }

    /// The cable's end.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        if let Some(link) = &self.link {
            let _ = std::fs::remove_file(link);
        }
    }
}

/// Both ends of a line that changes nothing, and the name of the second.
fn line() -> io::Result<(File, OwnedFd, PathBuf)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let name = ptsname(&master, Vec::new())?;
    // Held open, so that the line stays when a client leaves it.
    let slave = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut modes = tcgetattr(&slave)?;
    modes.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &modes)?;
    // Nobody may be reading: what does not fit is lost, as on a cable that nobody plugged in.
    rustix::io::ioctl_fionbio(&master, true)?;
    Ok((File::from(master), slave, PathBuf::from(name.to_string_lossy().into_owned())))
}

fn run(mut cam: Cam, mut line: File, _slave: OwnedFd, seen: &Mutex<Seen>, stopped: &Receiver<()>) {
    let began = Instant::now();
    while stopped.try_recv() == Err(TryRecvError::Empty) {
        let bytes = heard(&mut line);
        let now_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !bytes.is_empty() {
            cam.hear(&bytes, now_ms);
        }
        cam.advance(now_ms);
        let _ = line.write_all(&cam.said());
        let ring = cam.machine().ring();
        let now = Seen {
            settings: cam.machine().settings().clone(),
            accepted: ring.counts.accepted,
            waiting: ring.frames().len(),
        };
        *seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

/// What came within one turn.
fn heard(line: &mut File) -> Vec<u8> {
    let mut bytes = [0; 512];
    let mut ready = [PollFd::new(line, PollFlags::IN)];
    let is_ready = poll(&mut ready, Some(&TURN)).is_ok_and(|count| count > 0);
    let is_in = is_ready && ready[0].revents().contains(PollFlags::IN);
    let count = if is_in { line.read(&mut bytes).unwrap_or(0) } else { 0 };
    bytes[..count].to_vec()
}
