//! How many changes of a slot are acknowledged, each on disk: by one connection, by many, and by a plain loop.

use parking_api::paths;

use crate::http::Connection;
use crate::load::{Load, Script, run};
use crate::plain::Plain;
use crate::process::Parkd;
use crate::report::{Row, Target};
use crate::{Bench, Result, lot};

/// Slots that each connection changes in turn, so that no two meet.
pub const SLOTS_EACH: usize = 16;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let scale = &bench.scale;
    let parkd = Parkd::start(bench, &bench.folder("writes")?).await?;
    let slots = (scale.writers + 1) * SLOTS_EACH;
    lot::import(&parkd, slots, "").await?;
    let mut scripts: Vec<_> = (0..=scale.writers).map(|connection| script(&parkd, connection)).collect();
    let (one_script, many_scripts) = scripts.split_at_mut(1);
    let server = &parkd.process;
    run(server, one_script, scale.warm_up).await?;
    run(server, many_scripts, scale.warm_up).await?;
    let mut plain_loop = Plain::create(&bench.folder("plain")?, slots, event(&parkd).await?).await?;
    plain_loop.run(scale.warm_up).await?;
    let (mut one, mut many, mut plain) = (Load::default(), Load::default(), Load::default());
    for _ in 0..scale.rounds {
        one.append(run(server, one_script, scale.round).await?);
        many.append(run(server, many_scripts, scale.round).await?);
        plain.append(plain_loop.run(scale.round).await?);
    }
    parkd.process.stop().await?;
    Ok(rows(scale.writers, one, many, plain))
}

/// Every own slot becomes occupied, then every one free, and so on: each change opens or ends a stay.
pub fn script(parkd: &Parkd, connection: usize) -> Script {
    let slots = connection * SLOTS_EACH..(connection + 1) * SLOTS_EACH;
    let of_state = |state: &'static str| slots.clone().map(move |slot| lot::put(parkd, slot, state));
    Script::new(of_state("occupied").chain(of_state("free")).collect(), 200)
}

/// The newest event of the daemon's log, as it is stored.
async fn event(parkd: &Parkd) -> Result<String> {
    let request = parkd.request("GET", &format!("{}?limit=1", paths::EVENTS), "", "");
    let (_, _, body) = Connection::open(parkd.address()).await?.fetch(&request).await?;
    let page: serde_json::Value = serde_json::from_slice(&body)?;
    Ok(page.get("events").and_then(|events| events.get(0)).ok_or("the log is empty")?.to_string())
}

fn rows(writers: usize, one: Load, many: Load, plain: Load) -> Vec<Row> {
    let (one_rate, many_rate, plain_rate) = (one.rate(), many.rate(), plain.rate());
    let many_name = format!("PUT slot, {writers} connections");
    vec![
        Row::new("PUT slot, 1 connection", one_rate, "/s").detail(one.detail()).yardstick(
            "plain loop",
            plain_rate,
            "/s",
        ),
        Row::new(&many_name, many_rate, "/s").detail(many.detail()).yardstick("plain loop", plain_rate, "/s"),
        Row::new(format!("{many_name} ÷ 1 connection"), many_rate / one_rate, "×")
            .yardstick("1 connection", one_rate, "/s")
            .target(Target::AtLeast(10.0)),
        Row::new(format!("{many_name} ÷ plain loop"), many_rate / plain_rate, "×")
            .detail(format!("loop: {}", plain.latencies.percentiles()))
            .yardstick("plain loop", plain_rate, "/s")
            .target(Target::AtLeast(5.0)),
    ]
}
