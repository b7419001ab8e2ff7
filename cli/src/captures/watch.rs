//! `capture watch`: each picture as it comes, kept in a folder if that is wanted. A later run goes on where this one ended.

use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_api::captures::Capture;
use parking_api::client::{self, CaptureQuery, Client};
use parking_api::events::EventChange;
use parking_api::live::{Cursor, SnapshotReason};
use parking_api::paths::PAGE_MAX;
use parking_api::{CameraId, LotId};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::error::Error;
use crate::follow::{Follow, Step, Until};
use crate::output::{Column, Record, Show, Stream};
use crate::{events, files, times};

pub const EXAMPLES: &str = "\
It follows the lot until Ctrl-C and comes back by itself when the daemon was away. With --save each picture goes into a file of
its own, named by time, camera and capture; a file that is there already is never overwritten. The folder remembers how far it
came, so that the next run begins with what came in between.

Examples:
  parkctl capture watch --camera cam-1 --for 60
  parkctl capture watch --save pictures
  parkctl capture watch --save pictures --count 1 -o json";

/// In the folder: how far it came.
const PLACE_FILE: &str = ".parkctl-watch.json";
/// A picture that cannot be fetched is tried again so often, this far apart; then the run ends, and the next one begins with it.
const FETCH_TRIES: u32 = 30;
const FETCH_AGAIN_AFTER: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only those of this camera
    #[arg(long, value_name = "ID")]
    camera: Option<CameraId>,
    /// Keep the pictures in this folder, and go on where the last run ended
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// End after so many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so long, counted from the first connection; before --count is reached that is exit code 7
    #[arg(long = "for", value_name = "SECONDS", value_parser = times::seconds)]
    limit: Option<Duration>,
}

/// A capture, and where its picture is.
#[derive(Debug, Serialize)]
struct Saved {
    #[serde(flatten)]
    capture: Capture,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
}

/// How far a folder has come, and with which log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    server: String,
    lot: LotId,
    epoch: String,
    seq: u64,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let client = app.client()?;
    let folder = args.save.as_deref().map(|dir| Folder::open(dir, &client)).transpose()?;
    let place = folder.as_ref().and_then(|folder| folder.place.clone());
    let is_resumed = place.is_some();
    let cursor = match place {
        Some(place) => Cursor { epoch: place.epoch, seq: place.seq },
        None => events::newest(&client).await?,
    };
    let (lot, server) = (client.lot(), client.server());
    let from = if is_resumed { "from where the last run ended" } else { "from now on" };
    app.out.talk(&format!("watching captures of lot {lot} at {server} {from}; Ctrl-C ends it"))?;
    let mut watch = Watch { client: client.clone(), camera: args.camera, folder, cursor: cursor.clone() };
    watch.keep_place()?;
    let mut follow = Follow::new(&client, Some(cursor));
    let mut stream = Stream::new::<Saved>(&app.out, &[])?;
    stream.begin(&mut app.out)?;
    let mut until = Until::begin(args.count, args.limit);
    loop {
        let step = match until.within(follow.next(&mut app.out)).await {
            Some(step) => step?,
            None => return until.over(),
        };
        for capture in watch.new_captures(step).await? {
            let seq = capture.rev;
            if let Some(saved) = watch.save(app, capture).await? {
                stream.push(&mut app.out, &saved)?;
                watch.cursor.seq = watch.cursor.seq.max(seq);
                watch.keep_place()?;
                if until.is_last() {
                    return Ok(());
                }
            }
        }
    }
}

struct Watch {
    client: Client,
    camera: Option<CameraId>,
    folder: Option<Folder>,
    /// Everything up to here is done.
    cursor: Cursor,
}

impl Watch {
    /// What came with a step, oldest first.
    async fn new_captures(&mut self, step: Step) -> Result<Vec<Capture>, Error> {
        match step {
            Step::Event(event) => Ok(match event.change {
                EventChange::CaptureAdded { capture } if self.takes(&capture) => vec![capture],
                _ => Vec::new(),
            }),
            // Another log counts anew: what it holds is not what was missed.
            Step::Snapshot(snapshot) if snapshot.reason == SnapshotReason::EpochChanged => {
                self.cursor = events::newest(&self.client).await?;
                self.keep_place()?;
                Ok(Vec::new())
            }
            Step::Snapshot(_) | Step::Lagged(_) => self.missed().await,
        }
    }

    fn takes(&self, capture: &Capture) -> bool {
        self.camera.is_none() || self.camera == capture.camera
    }

    /// Captures that were entered after what is done, from the list instead of from their events.
    async fn missed(&self) -> Result<Vec<Capture>, Error> {
        let mut missed = Vec::new();
        let mut query = CaptureQuery { camera: self.camera.clone(), limit: Some(PAGE_MAX), ..CaptureQuery::default() };
        loop {
            let page = self.client.captures(&query).await?;
            let before = missed.len();
            missed.extend(page.items.into_iter().filter(|capture| capture.rev > self.cursor.seq));
            query.cursor = page.next;
            if query.cursor.is_none() || missed.len() == before {
                break;
            }
        }
        missed.sort_by_key(|capture: &Capture| capture.rev);
        Ok(missed)
    }

    /// None where its picture is gone by now.
    async fn save(&self, app: &mut App, capture: Capture) -> Result<Option<Saved>, Error> {
        let Some(folder) = &self.folder else { return Ok(Some(Saved { capture, file: None })) };
        let picture = match self.fetch(app, &capture).await {
            Err(client::Error::Refused(problem)) if problem.status == 404 => {
                app.out.talk(&format!("capture {} was deleted before it could be saved", capture.id))?;
                return Ok(None);
            }
            picture => picture?,
        };
        let path = files::write_beside(&folder.dir, &name(&capture), suffix(&capture), &picture)?;
        Ok(Some(Saved { capture, file: Some(path.display().to_string()) }))
    }

    async fn fetch(&self, app: &mut App, capture: &Capture) -> Result<bytes::Bytes, client::Error> {
        let mut tries = 1;
        loop {
            match self.client.image(&capture.key, None).await {
                Err(error) if tries < FETCH_TRIES && may_pass(&error) => {
                    if tries == 1 {
                        // That it cannot be said is no reason to fail.
                        let _ = app.out.talk(&format!("cannot fetch capture {}: {error}; trying again", capture.id));
                    }
                    tries += 1;
                    tokio::time::sleep(FETCH_AGAIN_AFTER).await;
                }
                picture => return picture,
            }
        }
    }

    fn keep_place(&self) -> Result<(), Error> {
        let Some(folder) = &self.folder else { return Ok(()) };
        let place = Place {
            server: self.client.server().into(),
            lot: self.client.lot().clone(),
            epoch: self.cursor.epoch.clone(),
            seq: self.cursor.seq,
        };
        files::write(&folder.dir.join(PLACE_FILE), &serde_json::to_vec(&place)?)
    }
}

fn may_pass(error: &client::Error) -> bool {
    match error {
        client::Error::Unreachable { .. } | client::Error::TimedOut { .. } => true,
        client::Error::Refused(problem) => matches!(problem.status, 408 | 429 | 500 | 503),
        client::Error::Protocol { .. } | client::Error::Config { .. } => false,
    }
}

struct Folder {
    dir: PathBuf,
    place: Option<Place>,
}

impl Folder {
    fn open(dir: &Path, client: &Client) -> Result<Self, Error> {
        std::fs::create_dir_all(dir)
            .map_err(|error| Error::failed("file_unwritable", format!("cannot make {}: {error}", dir.display())))?;
        let path = dir.join(PLACE_FILE);
        if !path.exists() {
            return Ok(Self { dir: dir.into(), place: None });
        }
        let place = serde_json::from_slice::<Place>(&files::read(&path)?).map_err(|error| {
            Error::failed("file_invalid", format!("{} is not as it was written: {error}", path.display()))
                .hint("remove it to begin anew with what comes from now on")
        })?;
        if place.lot != *client.lot() {
            let message = format!("{} holds captures of lot {}, not of {}", dir.display(), place.lot, client.lot());
            return Err(Error::usage(message).hint("name another folder with --save, or that lot with --lot"));
        }
        Ok(Self { dir: dir.into(), place: Some(place) })
    }
}

/// Time, camera and capture, of characters that mean nothing to any file system; nothing in it is trusted to be what it should be.
fn name(capture: &Capture) -> String {
    let camera = capture.camera.as_ref().map_or("upload", CameraId::as_str);
    let id = capture.id.to_string();
    // Its last part is random; the first ones are its time again.
    let id = id.rsplit('-').next().unwrap_or_default();
    let name = format!("{}_{camera}_{id}", capture.captured_at.to_string().replace(':', "-"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

fn suffix(capture: &Capture) -> &'static str {
    if capture.content_type == "image/png" { "png" } else { "jpg" }
}

impl Record for Saved {
    fn columns() -> Vec<Column> {
        let mut columns = Capture::columns();
        columns.push(Column::new("file", "/file", Show::Text).table("FILE", 1));
        columns
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_time_camera_and_capture_and_by_nothing_that_leads_elsewhere() {
        let mut capture: Capture =
            serde_json::from_str(include_str!("../../../daemon/api/fixtures/capture.json")).expect("a capture");
        let plain = name(&capture);
        assert!(plain.contains("_cam-") && !plain.contains([':', '/', '\\']), "{plain}");
        capture.camera = None;
        assert!(name(&capture).contains("_upload_"));
    }
}
