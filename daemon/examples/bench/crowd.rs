//! Whether very many sockets get every event soon enough, and what that costs beside a message broker.

use std::collections::HashMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::follower::Watch;
use crate::mqtt::{Client, broker};
use crate::process::{Parkd, Process};
use crate::report::{Row, Target, grouped};
use crate::samples::ms_text;
use crate::scale::{FOLLOWED_SLOTS, Load};
use crate::sockets::{Delivery, Sent, end, of_parkd, raise_file_limit, wait_for_all};
use crate::{Bench, Result, lot};

const MIB: f64 = 1024.0 * 1024.0;
const P99_MS_MAX: f64 = 150.0;
const RSS_MIB_MAX: f64 = 100.0;
/// Of the broker's processor time.
const CPU_SHARE_MAX: f64 = 0.5;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let load = &bench.scale.crowd;
    raise_file_limit(load.sockets)?;
    let parkd = Parkd::start(bench, &bench.folder("crowd")?).await?;
    lot::import(&parkd, FOLLOWED_SLOTS, "").await?;
    let (of_parkd, _) = of_parkd(load, parkd).await?;
    let mut events = Vec::new();
    for (_, frame) in &of_parkd.frames {
        events.extend(single(frame)?);
    }
    let first = of_parkd.frames.first().ok_or("no frame was kept")?.0.start();
    let of_broker = of_broker(load, broker(&bench.folder("broker")?).await?, *first, &events).await?;
    Ok(rows(load, of_parkd, of_broker))
}

/// The events of a frame, each in a frame of its own.
fn single(frame: &[u8]) -> Result<Vec<Vec<u8>>> {
    #[derive(Deserialize)]
    struct Frame<'a> {
        #[serde(borrow)]
        events: Vec<&'a RawValue>,
    }
    let frame: Frame<'_> = serde_json::from_slice(frame)?;
    let of_one = |event: &&RawValue| format!(r#"{{"type":"events","events":[{event}]}}"#).into_bytes();
    Ok(frame.events.iter().map(of_one).collect())
}

/// The same events at the same pace through the broker, which sends each by itself.
async fn of_broker(load: &Load, broker: Process, first: u64, events: &[Vec<u8>]) -> Result<Delivery> {
    let watch = Watch::new();
    let mut records = JoinSet::new();
    for index in 0..load.sockets {
        let mut client = Client::open(broker.address, &format!("bench-{index}")).await?;
        client.subscribe().await?;
        records.spawn(client.follow(first - 1, watch.clone()));
    }
    let mut speaker = Client::open(broker.address, "speaker").await?;
    let cpu = broker.cpu()?;
    let mut tick = tokio::time::interval(Duration::from_secs(1) / load.changes_per_s);
    tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut sent = HashMap::new();
    for (seq, event) in (first..).zip(events) {
        tick.tick().await;
        let now = watch.started.elapsed();
        speaker.publish(event).await?;
        sent.insert(seq, Sent { sent: now, acknowledged: now });
    }
    wait_for_all(load, &watch, sent.len()).await;
    let cpu = broker.cpu()?.saturating_sub(cpu);
    end(broker, records, &sent, cpu).await
}

fn rows(load: &Load, parkd: Delivery, broker: Delivery) -> Vec<Row> {
    const BROKER: &str = "mosquitto";
    let name = load.name();
    let (cpu_s, broker_cpu_s) = (parkd.cpu_s(), broker.cpu_s());
    let frames = parkd.frames.len().max(1) as f64;
    let events_per_frame = parkd.frames.iter().map(|(run, _)| run.end() - run.start() + 1).sum::<u64>() as f64 / frames;
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    let (from_send, broker_from_send) = (parkd.from_send.percentiles(), broker.from_send.percentiles());
    vec![
        Row::new(format!("{name}: lost or misplaced"), parkd.wrong as f64, "events")
            .detail(format!("of {} deliveries", grouped(parkd.deliveries)))
            .yardstick(BROKER, broker.wrong as f64, "events")
            .target(Target::AtMost(0.0)),
        Row::new(format!("{name}: PUT sent → received, p99"), ms(from_send.p99), "ms")
            .detail(format!("p50 {} max {}", ms_text(from_send.p50), ms_text(from_send.max)))
            .yardstick(BROKER, ms(broker_from_send.p99), "ms")
            .target(Target::AtMost(P99_MS_MAX)),
        Row::new(format!("{name}: CPU per 100,000 deliveries"), cpu_s, "s")
            .detail(format!("{events_per_frame:.1} events per frame"))
            .yardstick(BROKER, broker_cpu_s, "s")
            .target(Target::AtMost(CPU_SHARE_MAX * broker_cpu_s)),
        Row::new(format!("{name}: most memory in use"), parkd.rss_bytes_max as f64 / MIB, "MiB")
            .yardstick(BROKER, broker.rss_bytes_max as f64 / MIB, "MiB")
            .target(Target::AtMost(RSS_MIB_MAX)),
    ]
}
