//! What a socket costs in memory while nothing happens on its lot.

use crate::follower::{handshake, open_all};
use crate::process::{Parkd, Process, yardstick};
use crate::report::{Row, Target, grouped};
use crate::scale::FOLLOWED_SLOTS;
use crate::sockets::{handshake_of, raise_file_limit};
use crate::yardstick::SNAPSHOT;
use crate::{Bench, Result, lot};

const KIB: f64 = 1024.0;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let count = bench.scale.idle_sockets;
    raise_file_limit(count)?;
    let parkd = Parkd::start(bench, &bench.folder("idle")?).await?;
    lot::import(&parkd, FOLLOWED_SLOTS, "").await?;
    let request = handshake_of(&parkd);
    let (before, after, snapshot) = fill(count, &parkd.process, &request).await?;
    parkd.process.kill().await?;
    let folder = bench.folder("idle-broadcast")?;
    std::fs::write(folder.join(SNAPSHOT), snapshot)?;
    let bare = yardstick(bench, "broadcast", &folder).await?;
    let (bare_before, bare_after, _) = fill(count, &bare, &handshake("/", "")).await?;
    bare.kill().await?;
    let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / KIB / count as f64;
    Ok(vec![
        Row::new(format!("{} idle sockets: RSS of each", grouped(count as u64)), each(before, after), "KiB")
            .detail(format!("{:.1} → {:.1} MiB", before as f64 / KIB / KIB, after as f64 / KIB / KIB))
            .yardstick("bare broadcast", each(bare_before, bare_after), "KiB")
            .target(Target::AtMost(12.0)),
    ])
}

/// Opens the sockets; gives the server's memory before and after, and the snapshot that each got.
async fn fill(count: usize, server: &Process, request: &[u8]) -> Result<(u64, u64, Vec<u8>)> {
    let before = server.settled_rss_bytes().await?;
    let followers = open_all(count, server.address, request).await?;
    let after = server.settled_rss_bytes().await?;
    let snapshot = followers.first().ok_or("there are no sockets")?.text().to_vec();
    Ok((before, after, snapshot))
}
