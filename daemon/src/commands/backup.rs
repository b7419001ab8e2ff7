//! `parkd backup`: made while daemons run, proven without touching them, restored into what is empty.

use std::io::Write;
use std::path::PathBuf;

use clap::Subcommand;

use super::verify::{require_database, write_report};
use super::{Exit, unwritten};
use crate::backup::{self, Checked, Manifest, Reader, is_file};
use crate::clock::{Clock, SystemClock};
use crate::config::Places;
use crate::objects::Objects;
use crate::progress::Progress;
use crate::store::Store;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Copy every table as it is at one moment, and the pictures; works while the daemon runs
    Create {
        /// A folder, which is brought up to date if it holds a backup already; or a file whose name ends in .tar
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
        /// Put the pictures into a file, too; a folder always has them
        #[arg(long)]
        with_images: bool,
    },
    /// Prove that a backup can be restored: compare its checksums, restore it into a scratch database, fold the log, compare pictures
    Verify {
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
    },
    /// Restore into an empty database and object store; every client then takes a fresh snapshot
    Restore {
        #[arg(value_name = "FILE|DIR")]
        path: PathBuf,
    },
}

pub(super) async fn run(args: Args, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    match args.verb {
        Verb::Create { path, with_images } => create(path, with_images, places, out).await,
        Verb::Verify { path } => verify(path, places, out).await,
        Verb::Restore { path } => restore(path, places, out).await,
    }
}

async fn create(path: PathBuf, with_images: bool, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    require_database(&places.database_url)?;
    let store =
        Store::open_as_it_is(&places.database_url, places.database_connections).await.map_err(|e| e.to_string())?;
    let objects = match with_images || !is_file(&path) {
        true => Some(reading(places).await?),
        false => None,
    };
    let made = backup::create(&store, objects.as_ref(), &path, SystemClock.now(), &Progress::default()).await?;
    store.close().await;
    let Manifest { lots, tables, images, .. } = &made.manifest;
    let rows: u64 = tables.iter().map(|table| table.rows).sum();
    let pictures = match images.are_included {
        true => format!("{} pictures ({} copied now)", images.count - images.missing.len() as u64, made.copied),
        false => format!("the list of {} pictures, not the pictures", images.count),
    };
    writeln!(out, "{}: {} lots, {rows} rows, {pictures}", path.display(), lots.len()).map_err(unwritten)?;
    for (key, why) in &images.missing {
        writeln!(out, "  without {key}: {why}").map_err(unwritten)?;
    }
    if made.unread == 0 {
        return Ok(Exit::Done);
    }
    writeln!(
        out,
        "the tables are whole; {} pictures could not be read: run this again when the object store is back",
        made.unread
    )
    .map_err(unwritten)?;
    Ok(Exit::Failed)
}

async fn verify(path: PathBuf, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    let backup = Reader::open(&path)?;
    let is_whole = Manifest::read(&backup)?.images.are_included;
    let objects = if is_whole { None } else { Some(reading(places).await?) };
    let Checked { manifest, parts, images, reports, problems } =
        backup::check(&backup, objects.as_ref(), &Progress::default()).await?;
    let pictures = if is_whole { "pictures compared" } else { "pictures compared in the object store, a sample" };
    let (at, version) = (manifest.created_at, &manifest.parkd);
    writeln!(out, "{}: made {at} by parkd {version}, {parts} parts, {images} {pictures}", path.display())
        .map_err(unwritten)?;
    for report in &reports {
        write_report(report, false, out).map_err(unwritten)?;
    }
    for (key, why) in &manifest.images.missing {
        writeln!(out, "  without {key}: {why}").map_err(unwritten)?;
    }
    for problem in &problems {
        writeln!(out, "  {problem}").map_err(unwritten)?;
    }
    let (verdict, exit) = match problems.len() {
        0 => ("it can be restored".to_string(), Exit::Done),
        count => (format!("{count} problems: do not rely on it, and make another backup"), Exit::Failed),
    };
    writeln!(out, "{verdict}").map_err(unwritten)?;
    Ok(exit)
}

async fn restore(path: PathBuf, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    let backup = Reader::open(&path)?;
    let manifest = Manifest::read(&backup)?;
    places.prepare()?;
    let (url, connections) = (&places.database_url, places.database_connections);
    let failed = |e: crate::store::Error| e.to_string();
    let store = Store::open_to_fill(url, connections, manifest.schema).await.map_err(failed)?;
    let objects = match manifest.images.are_included {
        true => {
            Some(Objects::open(&places.objects_url, places.s3_keys_file.as_deref()).await.map_err(|e| e.to_string())?)
        }
        false => None,
    };
    let restored = backup::restore(&backup, &manifest, &store, objects.as_ref(), &Progress::default()).await?;
    store.close().await;
    // A backup of an older version is brought up to date at once, so that what is wrong with that is said here.
    Store::open(url, connections).await.map_err(failed)?.close().await;
    let pictures = match manifest.images.are_included {
        true => format!("{} pictures", restored.images),
        false => "no pictures, which the backup does not have".to_string(),
    };
    let how = if restored.is_resumed { " (going on where an interrupted restore was)" } else { "" };
    writeln!(out, "restored {} lots, {} rows and {pictures}{how}", manifest.lots.len(), restored.rows)
        .map_err(unwritten)?;
    writeln!(
        out,
        "its tokens are those of the backup; parkd token create makes a new one, parkd verify proves the rest"
    )
    .map_err(unwritten)?;
    Ok(Exit::Done)
}

/// The object store, without touching what a running daemon has in it.
async fn reading(places: &Places) -> Result<Objects, String> {
    Objects::open_beside(&places.objects_url, places.s3_keys_file.as_deref()).await.map_err(|e| e.to_string())
}
