//! `parkd serve`.

use std::io::Write;

use tokio::signal::unix::{SignalKind, signal};

use super::{Exit, unwritten};
use crate::config::{Places, Serve};
use crate::serve::Daemon;
use crate::telemetry;
use crate::watchdog;

/// File descriptors besides those of connections: database, pictures, log.
const FILES_BESIDES: u64 = 256;

pub(super) async fn run(settings: &Serve, places: Places, out: &mut dyn Write) -> Result<Exit, String> {
    telemetry::start(settings.log_format, &settings.log)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| format!("cannot listen for SIGTERM: {e}"))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| format!("cannot listen for Ctrl-C: {e}"))?;
    raise_file_limit(settings);
    let daemon = tokio::select! {
        started = Daemon::start(settings, places.clone()) => started?,
        // What is done by then is committed or taken back, as after a crash.
        _ = terminate.recv() => return Ok(stopped_early("SIGTERM")),
        _ = interrupt.recv() => return Ok(stopped_early("Ctrl-C")),
    };
    let address = daemon.address();
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "listening beyond this machine without TLS: put a TLS proxy in front, or tokens can be overheard");
    }
    // One line for programs that started this one; it says where the daemon really listens.
    writeln!(out, "parkd listening on http://{address}").and_then(|()| out.flush()).map_err(unwritten)?;
    tracing::info!(%address, data = %places.data_dir.display(), database = %crate::urls::redacted(&places.database_url), "ready");
    watchdog::ready(address);
    if settings.demo {
        write!(out, "{}", next_steps(&places, &address.to_string())).and_then(|()| out.flush()).map_err(unwritten)?;
    }
    tokio::select! {
        _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
        _ = interrupt.recv() => tracing::info!("Ctrl-C: stopping; once more to stop at once"),
    }
    watchdog::stopping();
    tokio::select! {
        is_clean = daemon.stop() => {
            if is_clean {
                tracing::info!("stopped");
                Ok(Exit::Done)
            } else {
                Err("stopped before everything that was queued could be committed".into())
            }
        }
        _ = terminate.recv() => Err("stopped at once".into()),
        _ = interrupt.recv() => Err("stopped at once".into()),
    }
}

fn stopped_early(why: &str) -> Exit {
    tracing::info!("{why}: stopped before it was ready");
    Exit::Done
}

/// What a newcomer would type next.
fn next_steps(places: &Places, address: &str) -> String {
    let data = match crate::config::data_dir_default() {
        Ok(default) if default == places.data_dir => String::new(),
        _ => format!("PARKD_DATA_DIR={} ", places.data_dir.display()),
    };
    let token = places.admin_token();
    format!(
        "
  A parking lot is live at  http://{address}   (API: http://{address}/api/docs)
  Its admin token is in     {}

  Two drawn cameras set its slots by what they see, once they have learned what it looks like: in about a minute.
  How well they do is said below, twice a minute.

  Try, in another terminal:
    {data}target/debug/parkctl slot list
    {data}target/debug/parkctl slot watch
    {data}target/debug/parkctl slot toggle A-05       (your word holds against the camera)
    {data}target/debug/parkctl slot why A-05
    {data}target/debug/parkctl camera list
    {data}target/debug/parkctl capture get latest -o lot.jpg
    {data}cargo run -p parktui

  Ctrl-C stops it; nothing is lost.

",
        token.display()
    )
}

/// Raises the limit of open files to what the settings may need. The usual 1,024 are fewer than the connections that are allowed.
fn raise_file_limit(settings: &Serve) {
    let wanted = u64::from(settings.connections_max.get()) + FILES_BESIDES;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit < wanted => {
            tracing::warn!(
                limit,
                wanted,
                "fewer files may be open than connections are allowed: raise the limit (ulimit -n)"
            );
        }
        Ok(_) => {}
        Err(error) => tracing::warn!(%error, "cannot raise the limit of open files"),
    }
}
