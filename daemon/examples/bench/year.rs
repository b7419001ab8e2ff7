//! What a year of events costs on PostgreSQL: how soon its last page is there, and whether who writes notices that the oldest are forgotten.

use std::time::{Duration, Instant};

use parking_api::paths;

use crate::http::Connection;
use crate::load::{Load, Script, run};
use crate::postgres::Server;
use crate::process::Parkd;
use crate::report::{Row, Target, grouped};
use crate::samples::Samples;
use crate::writes::script;
use crate::{Bench, Result, lot};

/// Slots of the lot.
const SLOTS: usize = 2_000;
/// Events that are written at once, so that the server's write-ahead log stays short.
const PIECE: u64 = 500_000;
/// The newest events, of which lists show one page, are spread over this time. In milliseconds: a year.
const YEAR_MS: u64 = 365 * 24 * 60 * 60 * 1_000;
/// Times that each list is asked for.
const ASKED: usize = 200;
/// What retention keeps of a hundred events. It waits until there are a tenth more than that.
const KEPT_PERCENT: u64 = 85;
/// Connections that write meanwhile.
const WRITERS: usize = 8;
/// Between two looks at how far that is, during which they write.
const TURN: Duration = Duration::from_secs(2);

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let events = bench.scale.year_events;
    let server = Server::start(bench).await?;
    let (folder, url) = (bench.folder("year-parkd")?, server.url("parkd"));
    let all = (events * 2).to_string();
    let settings = [("DATABASE_URL", url.as_str()), ("PARKD_EVENTS_KEEP", &all)];
    let parkd = Parkd::start_with(bench, &folder, &settings).await?;
    lot::import(&parkd, SLOTS, "").await?;
    run(&parkd.process, &mut [script(&parkd, 0)], bench.scale.warm_up).await?;
    parkd.process.stop().await?;
    let filling = Instant::now();
    fill(&server, events).await?;
    let filled = filling.elapsed();
    let parkd = Parkd::start_with(bench, &folder, &settings).await?;
    parkd.ready().await?;
    let mut rows = lists(&parkd, &server).await?;
    let before = writes(&parkd, bench).await?;
    parkd.process.stop().await?;

    let keep = (events * KEPT_PERCENT / 100).to_string();
    let parkd = Parkd::start_with(bench, &folder, &[settings[0], ("PARKD_EVENTS_KEEP", &keep)]).await?;
    parkd.ready().await?;
    let forgetting = Instant::now();
    let mut during = Load::default();
    let first = loop {
        during.append(writes(&parkd, bench).await?);
        let first: u64 =
            server.psql("parkd", "select min(seq) from events where lot = 'main'").await?.trim().parse()?;
        let floor: u64 = server.psql("parkd", "select floor from lots where id = 'main'").await?.trim().parse()?;
        if first > 1 && first == floor {
            break first;
        }
    };
    let took = forgetting.elapsed();
    parkd.process.stop().await?;
    server.process.kill().await?;
    let of = format!("{} events", grouped(events));
    let p99_ms = |load: &Load| load.latencies.clone().percentiles().p99.as_secs_f64() * 1e3;
    rows.push(
        Row::new(
            format!("PUT slot, {WRITERS} connections, p99 while {} of {of} go", grouped(first)),
            p99_ms(&during),
            "ms",
        )
        .detail(format!(
            "{} in {:.0} s; the year was written in {:.0} s",
            during.detail(),
            took.as_secs_f64(),
            filled.as_secs_f64()
        ))
        .yardstick("nothing goes", p99_ms(&before), "ms"),
    );
    Ok(rows)
}

/// Copies of the newest change of each slot, as if a year had passed.
async fn fill(server: &Server, events: u64) -> Result<()> {
    let mut written = 0;
    while written < events {
        let count = PIECE.min(events - written);
        let step_ms = (YEAR_MS / events).max(1);
        let piece = format!(
            "with head as (select head, head_at_ms, (select body from events where lot = 'main' and seq = head) as body from lots where id = 'main'),
             ids as (select array_agg(id) as ids from slots where lot = 'main'),
             written as (
                insert into events (lot, seq, at_ms, kind, actor_kind, actor_name, slot_id, body)
                select 'main', head + n, head_at_ms + n * {step_ms}, 'slot.changed', 'token', 'admin', ids[1 + (head + n) * 7919 % {SLOTS}],
                    regexp_replace(body, '\"seq\":[0-9]+', '\"seq\":' || head + n)
                from head, ids, generate_series(1, {count}) n returning 1)
             update lots set head = head + {count}, head_at_ms = head_at_ms + {count} * {step_ms}
             where id = 'main' and (select count(*) from written) = {count}"
        );
        server.psql("parkd", &piece).await?;
        written += count;
    }
    server.psql("parkd", "vacuum (analyze) events").await?;
    Ok(())
}

/// How soon a page is there: the newest events, and those of one slot, of one token, of a kind that is rare, and since a moment.
async fn lists(parkd: &Parkd, server: &Server) -> Result<Vec<Row>> {
    let since_ms: i64 =
        server.psql("parkd", "select head_at_ms - 3600000 from lots where id = 'main'").await?.trim().parse()?;
    let since = parking_api::Time::from_ms(since_ms);
    let of_slot = format!("slot={}", lot::code(7));
    let mut rows = Vec::new();
    for (name, query) in [
        ("last page", "limit=100"),
        ("last page of a slot", &*format!("limit=100&{of_slot}")),
        ("last page of a token", "limit=100&actor=admin"),
        ("last page of a rare kind", "limit=100&kind=slot.created"),
        ("first page of the last hour", &*format!("limit=100&since={since}")),
    ] {
        let request = parkd.request("GET", &format!("{}?{query}", paths::EVENTS), "", "");
        let mut connection = Connection::open(parkd.address()).await?;
        let mut latencies = Samples::default();
        for _ in 0..ASKED {
            let sent = Instant::now();
            let head = connection.ask(&request).await?;
            latencies.push(sent.elapsed());
            if head.status != 200 {
                return Err(format!("GET events?{query} was answered with {}", head.status).into());
            }
        }
        let found = latencies.percentiles();
        rows.push(
            Row::new(format!("GET events, {name}, p99"), found.p99.as_secs_f64() * 1e3, "ms")
                .detail(found)
                .target(Target::AtMost(10.0)),
        );
    }
    Ok(rows)
}

async fn writes(parkd: &Parkd, bench: &Bench) -> Result<Load> {
    let mut scripts: Vec<Script> = (0..WRITERS).map(|connection| script(parkd, connection)).collect();
    run(&parkd.process, &mut scripts, TURN.max(bench.scale.round)).await
}
