//! Fifty cameras for a day: the core of the board, seeded troubles, and a daemon that is killed and stopped in between. The day passes
//! as fast as the daemon answers; the requests are real.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use improv::{Claim, Command, Wifi};
use parking_api::cameras::NewCamera;
use parking_api::client::CaptureQuery;
use sha2::{Digest, Sha256};
use virtual_cam::{Cam, Faults, Flash, Options, Pictures};

use crate::harness::Parkd;
use crate::pictures::JPEGS;

/// How often each camera takes a picture, in seconds.
const INTERVAL_S: u32 = 600;
/// Virtual time between two looks of a camera at its world, and between two looks at all cameras, in milliseconds.
const TICK_MS: u64 = 5_000;
const TURN_MS: u64 = 600_000;
const HOUR_MS: u64 = 3_600_000;
/// Longest time in which a camera is set up.
const SET_UP_MS: u64 = 120_000;
const THREADS: usize = 4;
const TROUBLES: Faults = Faults {
    join_fails: 100,
    shot_fails: 10,
    http_cut: 30,
    http_cut_at: None,
    answer_lost: 30,
    slow: 5,
    // Longer than a camera waits.
    slow_ms: 60_000,
    uart_noise: 3,
    outage: 2,
    fading_db: 20,
    store_fails: 20,
    power_cut: 20,
    brownout: 1,
};

/// When the daemon is gone: from which hour to which, and whether it is killed.
type Outages<'a> = &'a [(u64, u64, bool)];

struct Fleet {
    parkd: Parkd,
    cams: Vec<Cam>,
    now_ms: u64,
}

/// What became of the pictures of one camera.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    taken: u32,
    acknowledged: Vec<u32>,
    stored: Vec<u32>,
    lost: usize,
    waiting: usize,
}

/// A small picture that no other camera takes, nor this one again.
fn picture(camera: u32, number: u32) -> Vec<u8> {
    let words = format!("camera {camera} picture {number}");
    let plain = &JPEGS[0];
    let mut bytes = plain[..2].to_vec();
    // A comment, right after the marker of the beginning.
    bytes.extend([0xff, 0xfe]);
    bytes.extend((words.len() as u16 + 2).to_be_bytes());
    bytes.extend(words.as_bytes());
    bytes.extend(&plain[2..]);
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn id(number: u32) -> String {
    format!("cam-{number}")
}

impl Fleet {
    async fn start(count: u32, seed: u64) -> Self {
        let parkd = Parkd::start(&["--log", "warn", "--upload-rate", "100000"]);
        let admin = parkd.admin();
        let mut cams = Vec::new();
        for number in 1..=count {
            let camera = id(number).parse().expect("a camera id");
            let new = NewCamera { id: camera, name: None, zone: None, interval_s: Some(INTERVAL_S) };
            let token = admin.camera_create(&new).await.expect("a camera").value.token;
            let noise = Faults { uart_noise: TROUBLES.uart_noise, ..Faults::default() };
            let options = Options { number, seed, faults: noise, ..Options::default() };
            let pictures = Pictures::Given(Box::new(move |shot| picture(number, shot)));
            let mut cam = Cam::new(options, Flash::in_memory(), pictures);
            cam.advance(0);
            let id = id(number);
            let claim = Claim::new(parkd.url(), &token, &id).expect("valid");
            let wifi = Wifi::new("Lot Wi-Fi", "correct horse").expect("valid");
            let mut steps = (1_000..SET_UP_MS).step_by(1_000);
            // Until the noise on the cable has let all of it through.
            while cam.machine().settings().claim.is_none() {
                for command in [Command::Claim(claim), Command::Wifi(wifi), Command::Check] {
                    let now_ms = steps.next().expect("it is set up in time");
                    cam.hear(command.encode().expect("valid").as_bytes(), now_ms);
                    cam.advance_and_wait(now_ms + 500);
                }
            }
            cam.options().faults = TROUBLES;
            cams.push(cam);
        }
        Self { parkd, cams, now_ms: SET_UP_MS }
    }

    fn run(&mut self, hours: u64, outages: Outages<'_>) {
        let end_ms = self.now_ms + hours * HOUR_MS;
        let mut is_gone = false;
        while self.now_ms < end_ms {
            let hour = self.now_ms / HOUR_MS;
            let outage = outages.iter().find(|(from, to, _)| (from..to).contains(&&hour));
            match outage {
                Some((.., true)) if !is_gone => self.parkd.kill(),
                Some((.., false)) if !is_gone => assert_eq!(self.parkd.stop(), Some(0)),
                None if is_gone => self.parkd.restart(),
                _ => {}
            }
            is_gone = outage.is_some();
            self.turn();
        }
        assert!(!is_gone, "the day ends with a daemon");
    }

    /// Cameras do not know of each other, so they take their turns side by side.
    fn turn(&mut self) {
        let (from_ms, to_ms) = (self.now_ms, self.now_ms + TURN_MS);
        let share = self.cams.len().div_ceil(THREADS);
        std::thread::scope(|scope| {
            for cams in self.cams.chunks_mut(share) {
                scope.spawn(move || {
                    for cam in cams {
                        (from_ms..to_ms).step_by(TICK_MS as usize).for_each(|now_ms| cam.advance_and_wait(now_ms));
                    }
                });
            }
        });
        self.now_ms = to_ms;
    }

    fn calm(&mut self) {
        self.cams.iter_mut().for_each(|cam| cam.options().faults = Faults::default());
    }

    async fn fates(&self) -> Vec<Fate> {
        let mut fates = Vec::new();
        for (number, cam) in (1..).zip(&self.cams) {
            let numbers: BTreeMap<_, _> = (0..cam.shots()).map(|shot| (sha256(&picture(number, shot)), shot)).collect();
            let query = CaptureQuery {
                camera: Some(id(number).parse().expect("a camera id")),
                limit: Some(1_000),
                ..CaptureQuery::default()
            };
            let mut captures = self.parkd.admin().captures(&query).await.expect("captures").items;
            captures.sort_by_key(|capture| capture.rev);
            fates.push(Fate {
                taken: cam.shots(),
                acknowledged: cam.acknowledged().to_vec(),
                stored: captures.iter().map(|capture| numbers[&capture.sha256]).collect(),
                lost: cam.lost(),
                waiting: cam.machine().ring().frames().len(),
            });
        }
        fates
    }
}

fn check(number: usize, fate: &Fate) {
    let once: BTreeSet<_> = fate.stored.iter().copied().collect();
    assert_eq!(once.len(), fate.stored.len(), "camera {number}: each is stored once: {:?}", fate.stored);
    // One whose answer was lost, and then the camera's power, may still be on its way into the log when the next one comes: here ten
    // minutes of a camera are no time at all.
    let acknowledged = fate.stored.iter().filter(|stored| fate.acknowledged.binary_search(stored).is_ok());
    assert!(acknowledged.is_sorted_by(|a, b| a < b), "camera {number}: in order: {:?}", fate.stored);
    assert!(
        fate.acknowledged.is_sorted_by(|a, b| a < b),
        "camera {number}: acknowledged once: {:?}",
        fate.acknowledged
    );
    assert!(
        fate.acknowledged.iter().all(|number| once.contains(number)),
        "camera {number}: what was acknowledged is stored"
    );
    let missing = fate.taken as usize - fate.stored.len();
    assert!(missing <= fate.lost + fate.waiting, "camera {number}: only a power cut loses pictures: {fate:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_fifty_cameras_stores_every_acknowledged_picture_once_and_in_order() {
    let began = Instant::now();
    let mut fleet = Fleet::start(50, 20_261_123).await;
    tokio::task::block_in_place(|| {
        fleet.run(23, &[(7, 8, true), (15, 16, false)]);
        fleet.calm();
        fleet.run(1, &[]);
    });
    let fates = fleet.fates().await;
    fates.iter().enumerate().for_each(|(index, fate)| check(index + 1, fate));
    let sum = |of: fn(&Fate) -> usize| fates.iter().map(of).sum::<usize>();
    let (taken, stored) = (sum(|fate| fate.taken as usize), sum(|fate| fate.stored.len()));
    let (acknowledged, lost) = (sum(|fate| fate.acknowledged.len()), sum(|fate| fate.lost));
    eprintln!(
        "{taken} taken, {stored} stored, {acknowledged} acknowledged, {lost} lost with power, {:?}",
        began.elapsed()
    );
    assert!(taken > 50 * 135 && stored * 100 >= taken * 97, "{taken} taken, {stored} stored");
    assert!(acknowledged <= stored && lost > 0, "there was trouble");
    fleet.parkd.verify();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_seed_gives_the_same_day() {
    let mut days = Vec::new();
    for seed in [1, 1, 2] {
        let mut fleet = Fleet::start(4, seed).await;
        tokio::task::block_in_place(|| fleet.run(6, &[(2, 3, true)]));
        days.push(fleet.fates().await);
    }
    assert_eq!(days[0], days[1]);
    assert_ne!(days[0], days[2], "another seed, another day");
}
