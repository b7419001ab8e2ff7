//! Whether many sockets on a busy lot get every event, in order and soon, and what that costs the daemon.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use parking_api::paths;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::follower::{Follower, Record, Watch, handshake, open_all, snapshot_seq};
use crate::http::Connection;
use crate::process::{Parkd, Process, yardstick};
use crate::report::{Row, Target, grouped};
use crate::samples::{Samples, ms_text};
use crate::scale::{FOLLOWED_SLOTS, Load};
use crate::yardstick::SNAPSHOT;
use crate::{Bench, Result, lot};

/// Connections that changes go over in turn, so that a slow one does not hold up the next.
const WRITERS: u32 = 8;
/// Longest wait for the last delivery.
const PATIENCE: Duration = Duration::from_secs(10);
/// Deliveries that processor time is given for.
const DELIVERIES: f64 = 100_000.0;
/// Open files besides sockets.
const FILES_BESIDES: u64 = 256;

/// When a change was sent and acknowledged, since the watch was started.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub sent: Duration,
    pub acknowledged: Duration,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Delivery {
    /// Events that a socket did not get, or not in its place.
    pub wrong: u64,
    pub deliveries: u64,
    pub from_send: Samples,
    from_acknowledgement: Samples,
    cpu: Duration,
    pub rss_bytes_max: u64,
    /// What one of the sockets got.
    pub frames: Vec<(RangeInclusive<u64>, Vec<u8>)>,
}

impl Delivery {
    /// Processor time for [`DELIVERIES`].
    pub fn cpu_s(&self) -> f64 {
        self.cpu.as_secs_f64() * DELIVERIES / self.deliveries.max(1) as f64
    }
}

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let load = &bench.scale.sockets;
    raise_file_limit(load.sockets)?;
    let parkd = Parkd::start(bench, &bench.folder("sockets")?).await?;
    lot::import(&parkd, FOLLOWED_SLOTS, "").await?;
    let (of_parkd, snapshot) = of_parkd(load, parkd).await?;
    let folder = bench.folder("broadcast")?;
    std::fs::write(folder.join(SNAPSHOT), snapshot)?;
    let bare = yardstick(bench, "broadcast", &folder).await?;
    let of_bare = of_broadcast(load, bare, &of_parkd.frames).await?;
    Ok(rows(load, of_parkd, of_bare))
}

/// Raises the limit of open files, or says what to do.
pub fn raise_file_limit(sockets: usize) -> Result<()> {
    let wanted = sockets as u64 + FILES_BESIDES;
    let limit = rlimit::increase_nofile_limit(wanted)?;
    if limit < wanted {
        return Err(format!(
            "{wanted} files must be open at once and only {limit} may be: raise the limit (ulimit -n)"
        )
        .into());
    }
    Ok(())
}

/// The handshake of a socket that follows the lot `main`.
pub fn handshake_of(parkd: &Parkd) -> Vec<u8> {
    handshake(paths::WS, &format!("authorization: Bearer {}\r\n", parkd.token))
}

pub async fn of_parkd(load: &Load, parkd: Parkd) -> Result<(Delivery, Vec<u8>)> {
    let followers = open_all(load.sockets, parkd.address(), &handshake_of(&parkd)).await?;
    let snapshot = followers.first().ok_or("there are no sockets")?.text().to_vec();
    let (watch, records) = follow_all(followers, snapshot_seq(&snapshot)?);
    let cpu = parkd.process.cpu()?;
    let sent = change(load, &parkd, &watch).await?;
    wait_for_all(load, &watch, sent.len()).await;
    let cpu = parkd.process.cpu()?.saturating_sub(cpu);
    let delivery = end(parkd.process, records, &sent, cpu).await?;
    Ok((delivery, snapshot))
}

/// The same frames, at the same pace, from a server that only hands them on.
async fn of_broadcast(load: &Load, bare: Process, frames: &[(RangeInclusive<u64>, Vec<u8>)]) -> Result<Delivery> {
    let request = handshake("/", "");
    let followers = open_all(load.sockets, bare.address, &request).await?;
    let first = frames.first().ok_or("no frame was kept")?;
    let (watch, records) = follow_all(followers, first.0.start() - 1);
    let mut speaker = Follower::open(IpAddr::from(Ipv4Addr::LOCALHOST), bare.address, &request).await?;
    let cpu = bare.cpu()?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / load.changes_per_s);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = HashMap::new();
    for (run, frame) in frames {
        tick.tick().await;
        let now = watch.started.elapsed();
        speaker.send(frame).await?;
        sent.extend(run.clone().map(|seq| (seq, Sent { sent: now, acknowledged: now })));
    }
    wait_for_all(load, &watch, sent.len()).await;
    let cpu = bare.cpu()?.saturating_sub(cpu);
    end(bare, records, &sent, cpu).await
}

fn follow_all(followers: Vec<Follower>, after: u64) -> (Arc<Watch>, JoinSet<Result<Record>>) {
    let watch = Watch::new();
    let mut records = JoinSet::new();
    for (index, follower) in followers.into_iter().enumerate() {
        records.spawn(follower.follow(after, Arc::clone(&watch), index == 0));
    }
    (watch, records)
}

/// Changes slots at an even pace, whether or not the answers keep up.
async fn change(load: &Load, parkd: &Parkd, watch: &Arc<Watch>) -> Result<HashMap<u64, Sent>> {
    let period = Duration::from_secs(1) / load.changes_per_s;
    let each = (load.changing.as_secs_f64() / period.as_secs_f64()) as usize / WRITERS as usize;
    let begin = tokio::time::Instant::now() + period;
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let mut connection = Connection::open(parkd.address()).await?;
        // Every writer has slots of its own, which become occupied and free in turn.
        let slots = (writer as usize..FOLLOWED_SLOTS).step_by(WRITERS as usize);
        let requests: Vec<_> = ["occupied", "free"]
            .into_iter()
            .flat_map(|state| slots.clone().map(move |slot| lot::put(parkd, slot, state)))
            .collect();
        let watch = Arc::clone(watch);
        writers.spawn(async move {
            let mut tick = tokio::time::interval_at(begin + period * writer, period * WRITERS);
            tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
            let mut sent = Vec::with_capacity(each);
            for request in requests.iter().cycle().take(each) {
                tick.tick().await;
                let before = watch.started.elapsed();
                let head = connection.ask(request).await?;
                let seq = head.seq.ok_or_else(|| format!("a change was answered with {}", head.status))?;
                sent.push((seq, Sent { sent: before, acknowledged: watch.started.elapsed() }));
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(sent)
        });
    }
    let mut sent = HashMap::new();
    while let Some(writer) = writers.join_next().await {
        sent.extend(writer??);
    }
    Ok(sent)
}

/// Waits until every socket has every event, or long enough.
pub async fn wait_for_all(load: &Load, watch: &Watch, events: usize) {
    let expected = (events * load.sockets) as u64;
    let since = Instant::now();
    while watch.delivered.load(Ordering::Relaxed) < expected && since.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Ends the server, which ends the followers, and compares what they got with what was sent.
pub async fn end(
    server: Process,
    mut records: JoinSet<Result<Record>>,
    sent: &HashMap<u64, Sent>,
    cpu: Duration,
) -> Result<Delivery> {
    let rss_bytes_max = server.rss_bytes_max()?;
    server.kill().await?;
    let mut delivery = Delivery { cpu, rss_bytes_max, ..Delivery::default() };
    while let Some(record) = records.join_next().await {
        let record = record??;
        delivery.deliveries += record.received.len() as u64;
        delivery.wrong += record.misplaced + (sent.len() as u64).abs_diff(record.received.len() as u64);
        for (seq, received) in (record.after + 1..).zip(&record.received) {
            let sent = sent.get(&seq).ok_or_else(|| format!("event {seq} was received and never sent"))?;
            delivery.from_send.push(received.saturating_sub(sent.sent));
            delivery.from_acknowledgement.push(received.saturating_sub(sent.acknowledged));
        }
        if !record.frames.is_empty() {
            delivery.frames = record.frames;
        }
    }
    Ok(delivery)
}

fn rows(load: &Load, parkd: Delivery, bare: Delivery) -> Vec<Row> {
    const BARE: &str = "bare broadcast";
    let (cpu_s, bare_cpu_s) = (parkd.cpu_s(), bare.cpu_s());
    let from_send = parkd.from_send.percentiles();
    let from_acknowledgement = parkd.from_acknowledgement.percentiles();
    let bare_from_send = bare.from_send.percentiles();
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let name = load.name();
    vec![
        Row::new(format!("{name}: lost or misplaced"), parkd.wrong as f64, "events")
            .detail(format!("of {} deliveries", grouped(parkd.deliveries)))
            .yardstick(BARE, bare.wrong as f64, "events")
            .target(Target::AtMost(0.0)),
        Row::new(format!("{name}: PUT sent → received, p99"), ms(from_send.p99), "ms")
            .detail(format!("p50 {} max {}", ms_text(from_send.p50), ms_text(from_send.max)))
            .yardstick(BARE, ms(bare_from_send.p99), "ms")
            .target(Target::AtMost(30.0)),
        Row::new(format!("{name}: acknowledged → received, p99"), ms(from_acknowledgement.p99), "ms")
            .detail(format!("p50 {}", ms_text(from_acknowledgement.p50))),
        Row::new(format!("{name}: CPU per 100,000 deliveries"), cpu_s, "s")
            .yardstick(BARE, bare_cpu_s, "s")
            .target(Target::AtMost(0.8)),
    ]
}
