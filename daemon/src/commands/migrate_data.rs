//! `parkd migrate-data`: the step from one box to servers, or back.

use std::io::Write;
use std::path::Path;

use super::verify::require_database;
use super::{Exit, unwritten};
use crate::config::Places;
use crate::moving::{self, Stores, Target};
use crate::objects::{self, Objects};
use crate::progress::Progress;
use crate::store::{Store, is_supported};
use crate::urls;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Database to take everything from, sqlite:///absolute/path.db or postgres://user:password@host/name
    #[arg(long, value_name = "URL", value_parser = database)]
    from: String,
    /// Empty database to fill; its schema is created
    #[arg(long, value_name = "URL", value_parser = database)]
    to: String,
    /// Object store to take the pictures from; without it they stay where they are
    #[arg(long, value_name = "URL", requires = "objects_to", value_parser = objects)]
    objects_from: Option<String>,
    /// Object store to put the pictures into
    #[arg(long, value_name = "URL", requires = "objects_from", value_parser = objects)]
    objects_to: Option<String>,
}

fn database(text: &str) -> Result<String, String> {
    if is_supported(text) {
        Ok(text.into())
    } else {
        Err("use sqlite:///absolute/path.db or postgres://user:password@host/name".into())
    }
}

fn objects(text: &str) -> Result<String, String> {
    objects::check_url(text).map(|()| text.into())
}

/// Pictures that wait here for S3 are in no object store yet: a daemon elsewhere would never have them.
fn require_empty_spool(folder: &Path) -> Result<(), String> {
    match objects::spooled(folder) {
        Ok(0) => Ok(()),
        Ok(files) => Err(format!(
            "{files} pictures wait in {} for the object store: start parkd as it was until it has them (parkctl status), \
             stop it, then run this again",
            folder.display()
        )),
        Err(error) => Err(format!("cannot look into the spool {}: {error}", folder.display())),
    }
}

pub(super) async fn run(args: &Args, places: &Places, out: &mut dyn Write) -> Result<Exit, String> {
    if args.from == args.to {
        return Err("--from and --to are the same database".into());
    }
    require_database(&args.from)?;
    require_empty_spool(&places.spool())?;
    let from = Store::open_as_it_is(&args.from, places.database_connections)
        .await
        .map_err(|e| format!("{}: {e}", urls::redacted(&args.from)))?;
    let keys = places.s3_keys_file.as_deref();
    let stores = match (&args.objects_from, &args.objects_to) {
        (Some(from), Some(to)) => Some(Stores {
            from: Objects::open_beside(from, keys).await.map_err(|e| e.to_string())?,
            to: Objects::open(to, keys).await.map_err(|e| e.to_string())?,
        }),
        _ => None,
    };
    let into = Target { url: &args.to, connections: places.database_connections };
    let moved = moving::run(&from, &into, stores.as_ref(), &Progress::default()).await?;
    from.close().await;
    let how = if moved.is_resumed { " (going on where it was interrupted)" } else { "" };
    let pictures = if stores.is_some() { format!(", {} pictures copied", moved.pictures) } else { String::new() };
    writeln!(
        out,
        "moved {} lots, {} rows{pictures}{how}; {} events folded: the target is sound",
        moved.lots, moved.rows, moved.events
    )
    .map_err(unwritten)?;
    for picture in &moved.without {
        writeln!(out, "  without {picture}").map_err(unwritten)?;
    }
    writeln!(out, "start parkd with DATABASE_URL={} now; the source is as it was", urls::redacted(&args.to))
        .map_err(unwritten)?;
    Ok(if moved.without.is_empty() { Exit::Done } else { Exit::Failed })
}
