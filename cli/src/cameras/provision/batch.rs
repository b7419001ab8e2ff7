//! A box of cameras: one row of a file after the other, as the devices are plugged in.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use parking_api::CameraId;
use parking_api::cameras::NewCamera;
use serde::Deserialize;
use tokio::time::Instant;

use super::steps::{self, Wanted};
use super::{Args, Passwords, Provisioned};
use crate::app::{App, Batch};
use crate::error::{Error, Report};
use crate::exit::Exit;
use crate::files;
use crate::output::Stream;
use crate::prompt;
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

/// What is kept from one row to the next.
struct Line<'a> {
    args: &'a Args,
    passwords: Passwords,
    plugs: Plugs,
    stream: Stream,
}

pub async fn run(app: &mut App, args: &Args, file: &Path) -> Result<(), Error> {
    let rows = read(file)?;
    let named = args.port.named(app);
    let samples: Vec<Provisioned> = rows.iter().map(|row| Provisioned::new(&row.camera(args))).collect();
    let mut line = Line {
        args,
        passwords: Passwords::given(app, &args.wifi)?,
        plugs: Plugs::new(named),
        stream: Stream::new(&app.out, &samples)?,
    };
    line.stream.begin(&mut app.out)?;
    let mut batch = Batch::new();
    for (i, row) in rows.iter().enumerate() {
        app.out.talk(&format!("camera {} ({} of {}): plug it in", row.id, i + 1, rows.len()))?;
        if let Err(error) = line.row(app, row).await
            && !batch.count(&error)
        {
            let rest: Vec<_> = rows[i + 1..].iter().map(|row| row.id.to_string()).collect();
            batch.skipped(app, &rest)?;
            break;
        }
    }
    batch.finish()
}

impl Line<'_> {
    /// One device after the other until one has made it, or the row is given up; each is told at once.
    async fn row(&mut self, app: &mut App, row: &Row) -> Result<(), Error> {
        let mut failed = 0;
        loop {
            let new = row.camera(self.args);
            let mut done = Provisioned::new(&new);
            let mut wanted = Wanted { new, ssid: row.ssid.clone().or_else(|| self.args.wifi.ssid.clone()), port: None };
            let came = match self.plugs.next(app.global.timeout.unwrap_or(PLUG_PATIENCE)).await {
                Ok(path) => {
                    wanted.port = Some(path);
                    steps::provision(app, self.args, &mut self.passwords, &wanted, &mut done).await
                }
                Err(error) => Err(error),
            };
            let Err(error) = came else { return self.stream.push(&mut app.out, &done) };
            if let Some(port) = wanted.port.as_deref().filter(|port| done.firmware.is_none() && self.plugs.is_old(port))
                && error.exit() == Exit::Device
            {
                app.out.talk(&format!("{port} was there before and does not answer: it is left alone"))?;
                continue;
            }
            let report = Report::new(&error, None);
            (done.code, done.message) = report.map(|report| (report.code, report.message)).unzip();
            self.stream.push(&mut app.out, &done)?;
            app.report(&error);
            failed += 1;
            if error.exit().is_about_everything() || !self.is_tried_again(app, row, &done, failed)? {
                return Err(error);
            }
        }
    }

    fn is_tried_again(&self, app: &mut App, row: &Row, done: &Provisioned, failed: u32) -> Result<bool, Error> {
        let which = done.device.as_deref().unwrap_or("one that did not say who it is");
        app.out.talk(&format!("camera {}: the device ({which}) failed", row.id))?;
        if app.terminal.can_ask() {
            let question =
                format!("Unplug it and plug in it or another for camera {}, or skip the row? [Enter/s]", row.id);
            return Ok(!prompt::line(app, &question)?.trim().eq_ignore_ascii_case("s"));
        }
        let goes_on = failed < self.args.tries;
        let what = if goes_on { "unplug it, and plug in it or another" } else { "the row is skipped" };
        app.out.talk(&format!("camera {}: {what}", row.id))?;
        Ok(goes_on)
    }
}

impl Row {
    fn camera(&self, args: &Args) -> NewCamera {
        NewCamera {
            id: self.id.clone(),
            name: self.name.clone(),
            zone: self.zone.clone().or_else(|| args.zone.clone()),
            interval_s: self.interval_s.or(args.interval),
        }
    }
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
#[derive(Debug)]
struct Plugs {
    named: Option<String>,
    used: BTreeSet<String>,
    /// They were there before the first device was plugged in, and may be anything.
    old: BTreeSet<String>,
}

impl Plugs {
    fn new(named: Option<String>) -> Self {
        let old = if named.is_some() { BTreeSet::new() } else { there(None) };
        Self { named, used: BTreeSet::new(), old }
    }

    fn is_old(&self, port: &str) -> bool {
        self.old.contains(port)
    }

    /// Waits for a port that has not had its turn since it was plugged in.
    async fn next(&mut self, patience: Duration) -> Result<String, Error> {
        let until = Instant::now() + patience;
        loop {
            let there = there(self.named.as_deref());
            self.used.retain(|path| there.contains(path));
            self.old.retain(|path| there.contains(path));
            // What was just plugged in comes first.
            let mut fresh: Vec<_> = there.into_iter().filter(|path| !self.used.contains(path)).collect();
            fresh.sort_by_key(|path| self.old.contains(path));
            if let Some(path) = fresh.into_iter().next() {
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

/// The ports that may be meant now.
fn there(named: Option<&str>) -> BTreeSet<String> {
    match named {
        Some(path) => Some(path.to_string()).filter(|path| Path::new(path).exists()).into_iter().collect(),
        None => candidates().into_iter().map(|port| port.path).collect(),
    }
}
