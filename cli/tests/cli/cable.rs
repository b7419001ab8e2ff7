//! A camera on a cable: the device's own state machine at one end of a pty, with a radio and a flash that do as they are told.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use improv::Verdict;
use improv::device::{Device, Facts, Input, Output};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// How long the device waits for bytes before it looks at everything else.
const TURN: Timespec = Timespec { tv_sec: 0, tv_nsec: 10_000_000 };
/// How long it takes for whatever it does.
const SOON: Duration = Duration::from_millis(100);
const JPEG: &[u8] = include_bytes!("../live/captures.in/bays.jpg");
pub const SSID: &str = "Lot Wi-Fi";
pub const PASSWORD: &str = "correct horse";
const BOOT: &str = "ets Jul 29 2019 12:21:46\r\n\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\nI (31) boot: camera\r\n";

/// What is wrong with the device, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// It says nothing at all.
    Mute,
    /// It says this over and over, and nothing else.
    Only(&'static [u8]),
    /// It says this and stops when it is told to join.
    Dies(&'static [u8]),
    /// The cable is pulled when it is told to join.
    Unplugged,
    /// It joins this late.
    Joins(Duration),
    /// It joins without a word about it, but for its state.
    Terse,
    /// Its camera does not work.
    Blind,
    /// Every so many bytes one is lost on the way to it.
    Lossy(usize),
    /// It answers this late.
    Slow(Duration),
    /// It boots this long.
    Boots(Duration),
}

/// Address, token and id.
type Claim = (String, String, String);

/// What it did so far.
#[derive(Debug, Default)]
struct Did {
    tries: AtomicUsize,
    joins: AtomicUsize,
}

/// What is in its flash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flash {
    pub wifi: Option<(String, String)>,
    pub claim: Option<Claim>,
}

pub struct Cable {
    pub path: String,
    flash: Arc<Mutex<Flash>>,
    did: Arc<Did>,
    stop: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

impl Cable {
    pub fn plug(fault: Fault) -> Self {
        Self::with(fault, Flash::default(), "a4:cf:12:00:00:01")
    }

    pub fn with(fault: Fault, flash: Flash, mac: &'static str) -> Self {
        let (master, slave, path) = line();
        let (stop, stopped) = channel();
        let flash = Arc::new(Mutex::new(flash));
        let did = Arc::new(Did::default());
        let board = Board::new(fault, Arc::clone(&flash), Arc::clone(&did), mac);
        let thread = std::thread::spawn(move || board.run(master, slave, &stopped));
        Self { path, flash, did, stop, thread: Some(thread) }
    }

    /// Joins that came off.
    pub fn joins(&self) -> usize {
        self.did.joins.load(Ordering::SeqCst)
    }

    /// Joins that it was told.
    pub fn tries(&self) -> usize {
        self.did.tries.load(Ordering::SeqCst)
    }

    pub fn flash(&self) -> Flash {
        self.flash.lock().expect("no thread panicked").clone()
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.stop.send(());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the device did not panic");
        }
    }
}

/// Both ends of a line, and the path of the second: a terminal, until it is made a cable.
pub fn pty() -> (File, OwnedFd, String) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
    grantpt(&master).expect("a pty");
    unlockpt(&master).expect("a pty");
    let path = ptsname(&master, Vec::new()).expect("a name").into_string().expect("a name");
    let slave =
        rustix::fs::open(&path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty()).expect("its other end");
    (File::from(master), slave, path)
}

/// A line that changes nothing.
pub fn line() -> (File, OwnedFd, String) {
    let (master, slave, path) = pty();
    let mut modes = tcgetattr(&slave).expect("modes");
    modes.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &modes).expect("modes");
    (master, slave, path)
}

struct Board {
    fault: Fault,
    flash: Arc<Mutex<Flash>>,
    did: Arc<Did>,
    mac: &'static str,
    device: Device,
    began: Instant,
    /// Joined but not stored.
    tried: Option<(String, String)>,
    staged: Option<Claim>,
    is_online: bool,
    /// What is to be said to the state machine, and when.
    news: Vec<(Instant, News)>,
    upload_at: Option<Instant>,
    heard: usize,
}

#[derive(Clone, Copy)]
enum News {
    Joined,
    JoinFailed,
    Scanned,
    Checked(Verdict),
    Stored,
}

impl Board {
    fn new(fault: Fault, flash: Arc<Mutex<Flash>>, did: Arc<Did>, mac: &'static str) -> Self {
        let is_online = flash.lock().expect("no thread panicked").wifi.is_some();
        Self {
            fault,
            flash,
            did,
            mac,
            device: Device::new(),
            began: Instant::now(),
            tried: None,
            staged: None,
            is_online,
            news: Vec::new(),
            upload_at: None,
            heard: 0,
        }
    }

    fn run(mut self, mut line: File, slave: OwnedFd, stopped: &Receiver<()>) {
        if self.fault != Fault::Mute {
            line.write_all(BOOT.as_bytes()).expect("it takes bytes");
        }
        if let Fault::Boots(time) | Fault::Slow(time) = self.fault {
            self.began += time;
        }
        let mut due: Vec<(Instant, Vec<u8>)> = Vec::new();
        while stopped.try_recv().is_err() {
            let bytes = self.read(&mut line);
            let Some(said) = self.turn(&bytes) else {
                // The cable is pulled: the caller's end breaks when both of ours are closed.
                drop((line, slave));
                return;
            };
            let late = if let Fault::Slow(time) = self.fault { time } else { Duration::ZERO };
            due.push((Instant::now() + late, said));
            while due.first().is_some_and(|(at, _)| *at <= Instant::now()) {
                line.write_all(&due.remove(0).1).expect("it takes bytes");
            }
            self.upload();
        }
    }

    fn read(&mut self, line: &mut File) -> Vec<u8> {
        let mut ready = [PollFd::new(line, PollFlags::IN)];
        poll(&mut ready, Some(&TURN)).expect("it can be waited for");
        if !ready[0].revents().contains(PollFlags::IN) {
            return Vec::new();
        }
        let mut bytes = [0; 512];
        let count = line.read(&mut bytes).expect("this end is open");
        let heard = self.heard;
        self.heard += count;
        let is_lost = |at: usize| matches!(self.fault, Fault::Lossy(every) if (heard + at + 1).is_multiple_of(every));
        bytes[..count].iter().enumerate().filter(|(at, _)| !is_lost(*at)).map(|(_, byte)| *byte).collect()
    }

    /// One turn of the state machine; what it says, or none when the cable was pulled.
    fn turn(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self.fault {
            Fault::Mute => return Some(Vec::new()),
            Fault::Only(words) => return Some(if bytes.is_empty() { Vec::new() } else { words.to_vec() }),
            Fault::Boots(_) if Instant::now() < self.began => return Some(Vec::new()),
            _ => {}
        }
        let mut said = self.step(Input::Tick)?;
        if !bytes.is_empty() {
            said.extend(self.step(Input::Bytes(bytes))?);
        }
        let now = Instant::now();
        let (ripe, later) = self.news.drain(..).partition(|(at, _)| *at <= now);
        self.news = later;
        let ripe: Vec<(Instant, News)> = ripe;
        for (_, news) in ripe {
            match news {
                News::Joined => {
                    self.is_online = true;
                    said.extend(self.step(Input::Joined)?);
                    self.did.joins.fetch_add(1, Ordering::SeqCst);
                }
                News::JoinFailed => {
                    said.extend(self.step(Input::JoinFailed)?);
                }
                News::Checked(verdict) => said.extend(self.step(Input::Checked(verdict))?),
                News::Stored => said.extend(self.step(Input::Stored)?),
                News::Scanned => {
                    for (ssid, rssi_dbm, is_secured) in [("Guests", -80, false), (SSID, -61, true), ("Far", -90, true)]
                    {
                        said.extend(self.step(Input::Network { ssid, rssi_dbm, is_secured })?);
                    }
                    said.extend(self.step(Input::ScanDone)?);
                }
            }
        }
        Some(said)
    }

    fn step(&mut self, input: Input<'_>) -> Option<Vec<u8>> {
        let stored = self.flash.lock().expect("no thread panicked").clone();
        let facts = Facts {
            firmware: "smart-parking-cam",
            version: "0.1.0",
            chip: "ESP32",
            name: "camera1",
            hostname: "camera1",
            device: self.mac,
            capabilities: "health",
            is_claimed: stored.claim.is_some(),
            is_provisioned: stored.wifi.is_some(),
            is_online: self.is_online,
            url: if self.is_online { "http://192.0.2.7/" } else { "" },
            rssi_dbm: self.is_online.then_some(-61),
        };
        let now_ms =
            u64::try_from(Instant::now().saturating_duration_since(self.began).as_millis()).expect("a short test");
        let (mut said, mut deeds) = (Vec::new(), Vec::new());
        let is_terse = self.fault == Fault::Terse;
        let mut device = self.device.clone();
        device.step(input, &facts, now_ms, &mut |output| match output {
            Output::Send(bytes) if is_terse && bytes[7] == 4 && bytes[9] == 1 => {}
            Output::Send(bytes) => said.extend_from_slice(bytes),
            deed => deeds.push(Deed::of(deed)),
        });
        self.device = device;
        for deed in deeds {
            match self.act(deed) {
                Some(words) => said.extend_from_slice(words),
                None => return None,
            }
        }
        Some(said)
    }

    /// Does what the state machine wants done; what the board says by itself, or none when the cable was pulled.
    fn act(&mut self, deed: Deed) -> Option<&'static [u8]> {
        let join = if let Fault::Joins(late) = self.fault { late } else { SOON };
        let soon = |news| (Instant::now() + if matches!(news, News::Joined) { join } else { SOON }, news);
        if matches!(deed, Deed::Join(..)) {
            self.did.tries.fetch_add(1, Ordering::SeqCst);
        }
        match deed {
            Deed::Join(ssid, password) => match self.fault {
                Fault::Unplugged => return None,
                Fault::Dies(words) => {
                    self.fault = Fault::Mute;
                    return Some(words);
                }
                _ if ssid == SSID && password == PASSWORD || ssid == "Guests" => {
                    self.news.push(soon(News::Joined));
                    self.tried = Some((ssid, password));
                }
                _ => self.news.push(soon(News::JoinFailed)),
            },
            Deed::Stage(claim) => self.staged = Some(claim),
            Deed::Commit => {
                let mut flash = self.flash.lock().expect("no thread panicked");
                flash.wifi = self.tried.take().or(flash.wifi.take());
                flash.claim = self.staged.take().or(flash.claim.take());
                self.upload_at = Some(Instant::now() + Duration::from_millis(300));
                self.news.push((Instant::now(), News::Stored));
            }
            Deed::Revert => {
                (self.tried, self.staged) = (None, None);
                self.is_online = self.flash.lock().expect("no thread panicked").wifi.is_some();
            }
            Deed::Scan => self.news.push(soon(News::Scanned)),
            Deed::Check => {
                let claim =
                    self.staged.clone().or_else(|| self.flash.lock().expect("no thread panicked").claim.clone());
                let verdict = claim.map_or(Verdict::Unclaimed, |claim| check(&claim));
                self.news.push(soon(News::Checked(verdict)));
            }
            Deed::Other => {}
        }
        Some(b"")
    }

    /// The first picture, a moment after the settings were stored.
    fn upload(&mut self) {
        if self.upload_at.is_none_or(|at| at > Instant::now()) || self.fault == Fault::Blind {
            return;
        }
        self.upload_at = None;
        let claim = self.flash.lock().expect("no thread panicked").claim.clone();
        if let Some(claim) = claim.filter(|_| self.is_online) {
            // That the daemon is not there is the subject of some tests.
            let _ = post(&claim, "/api/capture", "image/jpeg", JPEG);
        }
    }
}

enum Deed {
    Join(String, String),
    Stage(Claim),
    Commit,
    Revert,
    Scan,
    Check,
    Other,
}

impl Deed {
    fn of(output: Output<'_>) -> Self {
        match output {
            Output::Join(wifi) => Self::Join(wifi.ssid().into(), wifi.password().into()),
            Output::Stage(claim) => Self::Stage((claim.url().into(), claim.token().into(), claim.camera().into())),
            Output::Commit => Self::Commit,
            Output::Revert => Self::Revert,
            Output::Scan => Self::Scan,
            Output::Check => Self::Check,
            _ => Self::Other,
        }
    }
}

fn check(claim: &Claim) -> Verdict {
    let path = format!("/api/cameras/{}/health", claim.2);
    match post(claim, &path, "application/json", b"{\"rssi_dbm\":-61,\"firmware\":\"0.1.0\"}") {
        Err(_) => Verdict::Unreachable,
        Ok(200) => Verdict::Ok,
        Ok(401 | 403) => Verdict::Refused,
        Ok(404) => Verdict::UnknownCamera,
        Ok(_) => Verdict::Failed,
    }
}

/// Status of the answer.
fn post(claim: &Claim, path: &str, kind: &str, body: &[u8]) -> std::io::Result<u16> {
    let host = claim.0.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host)?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        claim.1,
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    line.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| std::io::Error::other(line))
}
