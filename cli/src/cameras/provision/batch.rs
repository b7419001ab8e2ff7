//! A box of cameras: one row of a file after the other, as the devices are plugged in.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use parking_api::CameraId;
use parking_api::cameras::NewCamera;
use serde::Deserialize;
use tokio::time::Instant;

use super::{Args, Provisioned, WifiArgs, steps};
use crate::app::{App, Batch};
use crate::error::{Error, Report};
use crate::exit::Exit;
use crate::files;
use crate::serial::candidates;

/// Longest wait for the next device to be plugged in.
const PLUG_PATIENCE: Duration = Duration::from_secs(10 * 60);
const LOOK: Duration = Duration::from_millis(250);
/// A port is there a little before it can be opened.
const SETTLE: Duration = Duration::from_millis(500);
/// Most rows of a file: as many as a lot has cameras.
const ROWS_MAX: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: CameraId,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    interval_s: Option<u32>,
    #[serde(default)]
    ssid: Option<String>,
}

pub async fn run(app: &mut App, args: &Args, file: &Path) -> Result<(), Error> {
    let rows = read(file)?;
    let (mut done, mut batch, mut plugs) = (Vec::new(), Batch::new(), Plugs::default());
    for (i, row) in rows.iter().enumerate() {
        app.out.talk(&format!("camera {} ({} of {}): plug it in", row.id, i + 1, rows.len()))?;
        let new = NewCamera {
            id: row.id.clone(),
            name: row.name.clone(),
            zone: row.zone.clone().or_else(|| args.zone.clone()),
            interval_s: row.interval_s.or(args.interval),
        };
        let wifi = WifiArgs { ssid: row.ssid.clone().or_else(|| args.wifi.ssid.clone()), ..args.wifi.clone() };
        let mut result = Provisioned::new(&new, "failed");
        let came = match plugs.next(args.port.port.as_deref(), app.global.timeout.unwrap_or(PLUG_PATIENCE)).await {
            Ok(path) => steps::provision(app, args, &wifi, new, Some(path)).await,
            Err(error) => Err(error),
        };
        let is_over = match came {
            Ok(provisioned) => {
                result = provisioned;
                false
            }
            Err(error) => {
                let report = Report::new(&error, None);
                (result.code, result.message) = report.map(|report| (report.code, report.message)).unzip();
                !batch.failed(app, &error)
            }
        };
        done.push(result);
        if is_over {
            let rest: Vec<_> = rows[i + 1..].iter().map(|row| row.id.to_string()).collect();
            batch.skipped(app, &rest)?;
            break;
        }
    }
    app.out.list(&done, "")?;
    batch.finish()
}

fn read(file: &Path) -> Result<Vec<Row>, Error> {
    let text = files::read(file)?;
    let name = files::name(file);
    let rows: Result<Vec<Row>, _> =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_slice()).deserialize().collect();
    let rows = rows.map_err(|error| {
        Error::usage(format!("{name}: {error}"))
            .hint("its columns: id, name, zone, interval_s, ssid; only id is required")
    })?;
    let mut ids = BTreeSet::new();
    match rows.iter().find(|row| !ids.insert(&row.id)) {
        Some(twice) => Err(Error::usage(format!("{name} names camera {} twice", twice.id))),
        None if rows.is_empty() || rows.len() > ROWS_MAX => {
            Err(Error::usage(format!("{name} has {} rows; 1 to {ROWS_MAX} can be provisioned", rows.len())))
        }
        None => Ok(rows),
    }
}

/// Which ports had their turn: each device is plugged in, provisioned and unplugged.
#[derive(Debug, Default)]
struct Plugs {
    used: BTreeSet<String>,
}

impl Plugs {
    /// Waits for a port that has not had its turn since it was plugged in.
    async fn next(&mut self, named: Option<&str>, patience: Duration) -> Result<String, Error> {
        let until = Instant::now() + patience;
        loop {
            let there: BTreeSet<String> = match named {
                Some(path) => Some(path.to_string()).filter(|path| Path::new(path).exists()).into_iter().collect(),
                None => candidates().into_iter().map(|port| port.path).collect(),
            };
            self.used.retain(|path| there.contains(path));
            if let Some(path) = there.into_iter().find(|path| !self.used.contains(path)) {
                self.used.insert(path.clone());
                tokio::time::sleep(SETTLE).await;
                return Ok(path);
            }
            if Instant::now() >= until {
                let message = format!("no device was plugged in within {} s", patience.as_secs());
                return Err(Error::here(Exit::TimedOut, "not_plugged_in", message)
                    .hint("run it again with the rows that are left; --timeout SECONDS waits longer"));
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
