//! How many answers about a large lot come per second, beside the same bytes from a bare route.

use std::path::Path;

use parking_api::paths;

use crate::http::{Connection, header};
use crate::load::{Load, Script, run};
use crate::process::{Parkd, Process, yardstick};
use crate::report::{Row, Target, grouped};
use crate::yardstick::{GZIP, PLAIN, STATS, TAG};
use crate::{Bench, Result, lot};

const ACCEPT_GZIP: &str = "accept-encoding: gzip\r\n";

/// One way to ask, and how often it must be answered.
#[derive(Debug)]
struct Case {
    name: &'static str,
    request: Vec<u8>,
    status: u16,
    /// The bare route with the same answer.
    route: &'static str,
    rate_min: f64,
}

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let parkd = Parkd::start(bench, &bench.folder("reads")?).await?;
    lot::import(&parkd, bench.scale.slots, "beside the stairs").await?;
    let bytes = bench.folder("bytes")?;
    let tag = save_answers(&parkd, &bytes).await?;
    let bare = yardstick(bench, "bytes", &bytes).await?;
    let if_none_match = format!("if-none-match: {tag}\r\n");
    let get = |path: &str, headers: &str| parkd.request("GET", path, headers, "");
    let cases = [
        Case { name: "slots as is", request: get(paths::SLOTS, ""), status: 200, route: PLAIN, rate_min: 500.0 },
        Case {
            name: "slots gzip",
            request: get(paths::SLOTS, ACCEPT_GZIP),
            status: 200,
            route: GZIP,
            rate_min: 2_000.0,
        },
        Case {
            name: "slots 304",
            request: get(paths::SLOTS, &if_none_match),
            status: 304,
            route: TAG,
            rate_min: 20_000.0,
        },
        Case {
            name: "slots/stats",
            request: get(paths::SLOTS_STATS, ""),
            status: 200,
            route: STATS,
            rate_min: 30_000.0,
        },
    ];
    let mut rows = Vec::new();
    for case in cases {
        rows.push(compare(bench, &parkd, &bare, case).await?);
    }
    bare.kill().await?;
    parkd.process.stop().await?;
    Ok(rows)
}

/// Saves what the bare server is to answer; gives the tag of the list.
async fn save_answers(parkd: &Parkd, folder: &Path) -> Result<String> {
    let mut connection = Connection::open(parkd.address()).await?;
    let mut tag = String::new();
    for (file, path, headers) in
        [(PLAIN, paths::SLOTS, ""), (GZIP, paths::SLOTS, ACCEPT_GZIP), (STATS, paths::SLOTS_STATS, "")]
    {
        let (head, text, body) = connection.fetch(&parkd.request("GET", path, headers, "")).await?;
        if head.status != 200 || (file == GZIP && header(&text, "content-encoding") != Some("gzip")) {
            return Err(format!("unexpected answer to GET {path}: {text}").into());
        }
        std::fs::write(folder.join(file), body)?;
        if let Some(found) = header(&text, "etag") {
            tag = found.to_string();
        }
    }
    std::fs::write(folder.join(TAG), &tag)?;
    Ok(tag)
}

async fn compare(bench: &Bench, parkd: &Parkd, bare: &Process, case: Case) -> Result<Row> {
    let scale = &bench.scale;
    let scripts = |request: Vec<u8>| vec![Script::new(vec![request], case.status); scale.readers];
    let mut of_parkd = scripts(case.request);
    let mut of_bare = scripts(format!("GET /{} HTTP/1.1\r\nhost: bench\r\n\r\n", case.route).into_bytes());
    run(&parkd.process, &mut of_parkd, scale.warm_up).await?;
    run(bare, &mut of_bare, scale.warm_up).await?;
    let (mut load, mut yardstick) = (Load::default(), Load::default());
    for _ in 0..scale.rounds {
        load.append(run(&parkd.process, &mut of_parkd, scale.round).await?);
        yardstick.append(run(bare, &mut of_bare, scale.round).await?);
    }
    let kib = load.body_bytes as f64 / load.latencies.len().max(1) as f64 / 1024.0;
    let size = if load.body_bytes > 0 { format!(", {kib:.1} KiB each") } else { String::new() };
    let name = format!("GET {}, {} slots", case.name, grouped(scale.slots as u64));
    Ok(Row::new(name, load.rate(), "/s")
        .yardstick("bare axum route", yardstick.rate(), "/s")
        .target(Target::AtLeast(case.rate_min))
        .detail(format!("{}{size}", load.detail())))
}
