//! How soon the daemon is ready on a large lot, and how small it is when it has nothing to do.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::Parkd;
use crate::report::{Row, Target, grouped};
use crate::samples::{Samples, ms_text};
use crate::{Bench, Result, lot};

const MIB: f64 = 1024.0 * 1024.0;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let large = bench.folder("large")?;
    let events = fill(bench, &large).await?;
    let (mut listening, mut ready) = (Samples::default(), Samples::default());
    let mut large_rss = 0;
    for turn in 1..=bench.scale.starts {
        let (parkd, ready_after) = start(bench, &large).await?;
        listening.push(parkd.process.listening_after);
        ready.push(ready_after);
        if turn == bench.scale.starts {
            large_rss = parkd.process.settled_rss_bytes().await?;
        }
        parkd.process.stop().await?;
    }
    let (parkd, empty_ready_after) = start(bench, &bench.folder("empty")?).await?;
    let empty_rss = parkd.process.settled_rss_bytes().await?;
    parkd.process.stop().await?;
    let binary = std::fs::metadata(&bench.parkd)?.len();
    let (listening, ready) = (listening.percentiles(), ready.percentiles());
    let lot = format!("{} slots, {} events", grouped(bench.scale.slots as u64), grouped(events as u64));
    Ok(vec![
        Row::new(format!("start to ready, {lot}"), ready.p50.as_secs_f64() * 1e3, "ms")
            .detail(format!(
                "median of {}, max {}, listening {}",
                bench.scale.starts,
                ms_text(ready.max),
                ms_text(listening.p50)
            ))
            .yardstick("new, empty lot", empty_ready_after.as_secs_f64() * 1e3, "ms")
            .target(Target::AtMost(300.0)),
        Row::new("RSS idle", empty_rss as f64 / MIB, "MiB")
            .yardstick(lot, large_rss as f64 / MIB, "MiB")
            .target(Target::AtMost(30.0)),
        Row::new("binary, stripped", binary as f64 / MIB, "MiB").target(Target::AtMost(25.0)),
    ])
}

/// Makes a large lot with a long log, and stops the daemon in order; gives the length of the log.
async fn fill(bench: &Bench, folder: &Path) -> Result<usize> {
    let parkd = Parkd::start(bench, folder).await?;
    let imports = bench.scale.events.div_ceil(bench.scale.slots);
    for turn in 1..=imports {
        lot::import(&parkd, bench.scale.slots, &format!("described {turn} times")).await?;
    }
    parkd.process.stop().await?;
    Ok(imports * bench.scale.slots)
}

/// Starts, and gives the time from before the process was there to its first answer that it is ready.
async fn start(bench: &Bench, folder: &Path) -> Result<(Parkd, Duration)> {
    let started = Instant::now();
    let parkd = Parkd::start(bench, folder).await?;
    parkd.ready().await?;
    Ok((parkd, started.elapsed()))
}
