//! `parkctl status`: the daemon, the caller and the lot at a glance.

use parking_api::client;
use parking_api::slots::{SlotStats, ZoneCounts};
use parking_api::status::{Readiness, Version};
use parking_api::storage::Storage;
use parking_api::tokens::Identity;
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Column, Format, Record, Show, Shown, Tint, bytes};

pub const EXAMPLES: &str = "\
It ends with 0 only if the daemon is ready and the lot may be read.

Examples:
  parkctl status
  parkctl status -o json";

/// What could be found out.
#[derive(Debug, Serialize)]
struct Status {
    server: String,
    version: Version,
    readiness: Readiness,
    /// Null when no valid token was sent.
    identity: Option<Identity>,
    lot: String,
    /// Null when the caller may not see it.
    storage: Option<Storage>,
    /// Null when the lot is not there or not for the caller.
    slots: Option<SlotStats>,
}

pub async fn run(app: &mut App) -> Result<(), Error> {
    let client = app.client()?;
    let version = client.version().await?;
    let readiness = client.ready().await?;
    let identity = match client.identity().await {
        Ok(identity) => Some(identity),
        Err(client::Error::Refused(problem)) if matches!(problem.status, 401 | 403) => None,
        Err(error) => return Err(error.into()),
    };
    let slots = client.slot_stats().await;
    let status = Status {
        server: client.server().into(),
        version,
        readiness,
        identity,
        storage: client.storage().await.ok(),
        lot: client.lot().to_string(),
        slots: slots.as_ref().ok().cloned(),
    };
    match app.out.format {
        Format::Table => table(app, &status)?,
        _ => app.out.one(&status)?,
    }
    slots?;
    match status.readiness.ready {
        true => Ok(()),
        false => Err(Error::here(Exit::Failed, "not_ready", format!("the daemon at {} is not ready", status.server))
            .hint("its log says more")),
    }
}

fn table(app: &mut App, status: &Status) -> Result<(), Error> {
    let settings = app.settings()?;
    let (server_from, lot_from) = (settings.server_from.to_string(), settings.lot_from.to_string());
    let Readiness { ready, database, objects, integrity, storage: trouble } = &status.readiness;
    let Version { name, version, protocol } = &status.version;
    let ready = match ready {
        true if objects != "ok" => Shown::tinted(format!("yes: objects {objects}"), Tint::Yellow),
        true => Shown::tinted("yes", Tint::Green),
        false => Shown::tinted(format!("no: database {database}, objects {objects}"), Tint::Red),
    };
    let you = match &status.identity {
        Some(identity) => Shown::plain(format!("{}, {}", identity.name, identity.role)),
        None => Shown::tinted("nobody: no valid token was sent", Tint::Yellow),
    };
    let mut pairs = vec![
        ("server", Shown::plain(format!("{} ({server_from})", status.server))),
        ("version", Shown::plain(format!("{name} {version}, protocol {protocol}"))),
        ("ready", ready),
        ("you", you),
        ("lot", Shown::plain(format!("{} ({lot_from})", status.lot))),
    ];
    if let Some(integrity) = integrity {
        let tint = if integrity.starts_with("sound") { Tint::Green } else { Tint::Red };
        pairs.push(("checked", Shown::tinted(integrity.clone(), tint)));
    }
    if let Some(Storage { captures, bytes: taken, forecast, .. }) = status.storage.as_ref().filter(|s| s.captures > 0) {
        pairs.push(("pictures", Shown::plain(format!("{captures} with {}; {forecast}", bytes(*taken)))));
    }
    if let Some(trouble) = trouble {
        pairs.push(("storage", Shown::tinted(trouble.clone(), Tint::Yellow)));
    }
    app.out.pairs(pairs.into_iter().map(|(name, shown)| (name.to_string(), shown)).collect())?;
    let Some(stats) = &status.slots else { return Ok(()) };
    let mut zones = stats.zones.clone();
    zones.push(ZoneCounts { zone: Some(format!("all of {}", status.lot)), counts: stats.counts });
    app.out.data(b"\n")?;
    app.out.list(&zones, "")
}

impl Record for Status {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("server", "/server", Show::Text),
            Column::new("version", "/version/version", Show::Text),
            Column::new("protocol", "/version/protocol", Show::Number),
            Column::new("ready", "/readiness/ready", Show::Text),
            Column::new("database", "/readiness/database", Show::Text),
            Column::new("objects", "/readiness/objects", Show::Text),
            Column::new("name", "/identity/name", Show::Text),
            Column::new("role", "/identity/role", Show::Text),
            Column::new("captures", "/storage/captures", Show::Number),
            Column::new("capture_bytes", "/storage/bytes", Show::Bytes),
            Column::new("forecast", "/storage/forecast", Show::Text),
            Column::new("lot", "/lot", Show::Text),
            Column::new("total", "/slots/total", Show::Number),
            Column::new("free", "/slots/free", Show::Number),
            Column::new("occupied", "/slots/occupied", Show::Number),
            Column::new("reserved", "/slots/reserved", Show::Number),
            Column::new("closed", "/slots/closed", Show::Number),
            Column::new("unknown", "/slots/unknown", Show::Number),
            Column::new("occupancy_rate", "/slots/occupancy_rate", Show::Percent),
        ]
    }
}

impl Record for ZoneCounts {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("zone", "/zone", Show::Text).table("ZONE", 0).flexible(),
            Column::new("total", "/total", Show::Number).table("SLOTS", 1),
            Column::new("free", "/free", Show::Number).table("FREE", 0),
            Column::new("occupied", "/occupied", Show::Number).table("OCCUPIED", 0),
            Column::new("reserved", "/reserved", Show::Number).table("RESERVED", 3),
            Column::new("closed", "/closed", Show::Number).table("CLOSED", 4),
            Column::new("unknown", "/unknown", Show::Number).table("UNKNOWN", 2),
            Column::new("occupancy_rate", "/occupancy_rate", Show::Percent).table("FULL", 1),
        ]
    }
}
