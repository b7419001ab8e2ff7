//! `parkctl doctor`: what stands between this command and its daemon, one check after the other, and what to do about it.

use std::time::Duration;

use parking_api::client::settings::Settings;
use parking_api::client::{self, Client, Probe};
use parking_api::tokens::Identity;
use parking_api::{PROTOCOL, Time};
use serde::Serialize;
use tokio::time::Instant;

use crate::app::App;
use crate::error::{Error, Report};
use crate::exit::Exit;
use crate::follow::Follow;
use crate::output::{Column, Look, Record, Show, Shown, Tint};
use crate::{clock, times};

pub const EXAMPLES: &str = "\
It ends with 0 if nothing is wrong, else with the exit code of the gravest failure. The output holds no secret.

Examples:
  parkctl doctor
  parkctl doctor --context local -o json";

/// Clocks may differ by that much before anybody notices; the daemon tells its own to the second.
const CLOCK_OFF_MS_MAX: i64 = 5_000;
/// A token that ends sooner is worth a word.
const ENDS_SOON_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// An answer that takes longer is felt.
const SLOW: Duration = Duration::from_millis(500);
/// Longest wait for the live line.
const LIVE_WITHIN: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warning,
    Failed,
}

#[derive(Debug, Serialize)]
struct Check {
    check: &'static str,
    status: Status,
    found: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Check {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, found: found.into(), hint: None }
    }

    fn warning(check: &'static str, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, found: found.into(), hint: Some(hint.into()) }
    }
}

/// What was found so far.
struct Findings {
    checks: Vec<Check>,
    worst: Exit,
}

impl Findings {
    fn failed(&mut self, check: &'static str, error: &Error, settings: Option<&Settings>) {
        self.worst = self.worst.worst(error.exit());
        let report = Report::new(error, settings);
        let hint = report.and_then(|report| report.hint);
        self.checks.push(Check { check, status: Status::Failed, found: error.to_string(), hint });
    }
}

pub async fn run(app: &mut App) -> Result<(), Error> {
    let mut findings = Findings { checks: Vec::new(), worst: Exit::Ok };
    let settings = app.settings()?.clone();
    let server = format!("{} ({})", settings.server, settings.server_from);
    match app.client() {
        Ok(client) => {
            findings.checks.push(Check::ok("settings", server));
            examine(app, &client, &settings, &mut findings).await;
        }
        Err(error) => findings.failed("settings", &error, Some(&settings)),
    }
    app.out.list(&findings.checks, "")?;
    if findings.worst == Exit::Ok { Ok(()) } else { Err(Error::Reported(findings.worst)) }
}

/// Each check needs the one before; the first that fails for all is the last.
async fn examine(app: &mut App, client: &Client, settings: &Settings, findings: &mut Findings) {
    let asked = Instant::now();
    let probe = match client.probe().await {
        Ok(probe) => probe,
        Err(error) => return findings.failed("reach", &error.into(), Some(settings)),
    };
    findings.checks.push(reached(asked.elapsed()));
    findings.checks.extend([version(&probe), clocks(&probe, clock::now())]);
    match client.ready().await {
        Ok(ready) if ready.ready => findings.checks.push(Check::ok("ready", format!("objects {}", ready.objects))),
        Ok(ready) => {
            let what = format!("the daemon is not ready: database {}, objects {}", ready.database, ready.objects);
            findings.failed("ready", &Error::failed("not_ready", what).hint("its log says more"), None);
        }
        Err(error) => findings.failed("ready", &error.into(), Some(settings)),
    }
    match client.identity().await {
        Ok(identity) => findings.checks.push(token(&identity, clock::now())),
        Err(error) => return findings.failed("token", &error.into(), Some(settings)),
    }
    match client.slot_stats().await {
        Ok(stats) => findings.checks.push(Check::ok("lot", format!("{}, {} slots", client.lot(), stats.counts.total))),
        Err(error) => return findings.failed("lot", &error.into(), Some(settings)),
    }
    let asked = Instant::now();
    let mut follow = Follow::new(client, None);
    match tokio::time::timeout(LIVE_WITHIN, follow.next(&mut app.out)).await {
        Ok(Ok(_)) => {
            let found = format!("the lot after {} ms", asked.elapsed().as_millis());
            findings.checks.push(Check::ok("live", found));
        }
        Ok(Err(error)) => findings.failed("live", &error, Some(settings)),
        Err(_) => {
            let late = client::Error::TimedOut { what: "the live line".into() };
            findings.failed("live", &late.into(), Some(settings));
        }
    }
}

fn reached(took: Duration) -> Check {
    let found = format!("answered in {} ms", took.as_millis());
    match took > SLOW {
        true => Check::warning("reach", found, "the line is slow, or the daemon is busy: see its log and its machine"),
        false => Check::ok("reach", found),
    }
}

fn version(probe: &Probe) -> Check {
    let (theirs, ours) = (&probe.version, env!("CARGO_PKG_VERSION"));
    let found = format!("{} {}, protocol {}", theirs.name, theirs.version, theirs.protocol);
    match (theirs.version == ours, theirs.protocol == PROTOCOL) {
        (true, true) => Check::ok("version", found),
        (_, false) => {
            let hint = format!("this is parkctl {ours} with protocol {PROTOCOL}: bring both to the same version");
            Check::warning("version", found, hint)
        }
        (false, true) => {
            Check::warning("version", found, format!("this is parkctl {ours}: they get along, but differ"))
        }
    }
}

fn clocks(probe: &Probe, now: Time) -> Check {
    let Some(at) = probe.at else {
        return Check::ok("clock", "something in between did not pass on the daemon's time");
    };
    let off = now.ms_since(at);
    if off.abs() <= CLOCK_OFF_MS_MAX {
        return Check::ok("clock", "the same as here, to a few seconds");
    }
    let way = if off > 0 { "behind" } else { "ahead of" };
    let found = format!("the daemon is {} {way} this machine", times::rough(off.unsigned_abs() / 1000));
    Check::warning("clock", found, "set both clocks by NTP: times of events and of pictures depend on them")
}

fn token(identity: &Identity, now: Time) -> Check {
    let who = format!("{}, {}", identity.name, identity.role);
    match identity.expires_at {
        Some(ends) if ends.ms_since(now) < ENDS_SOON_MS => {
            let found = format!("{who}; it ends {}", times::relative(ends, now));
            Check::warning("token", found, "ask an admin for a new one: `parkctl token create NAME --role ROLE`")
        }
        _ => Check::ok("token", who),
    }
}

fn status(word: &str, look: &Look) -> Shown {
    let (glyph, ascii, tint) = match word {
        "ok" => ("●", "+", Tint::Green),
        "warning" => ("◐", "!", Tint::Yellow),
        _ => ("✕", "x", Tint::Red),
    };
    Shown::tinted(format!("{} {word}", look.glyph(glyph, ascii)), tint)
}

impl Record for Check {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("check", "/check", Show::Text).table("CHECK", 0),
            Column::new("status", "/status", Show::Word(status)).table("STATUS", 0),
            Column::new("found", "/found", Show::Text).table("FOUND", 0).flexible(),
            Column::new("hint", "/hint", Show::Text).table("DO", 1).flexible(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use parking_api::status::Version;

    use super::*;

    fn probe(version: &str, protocol: u32, at: Option<&str>) -> Probe {
        let version = Version { name: "parkd".into(), version: version.into(), protocol };
        Probe { version, at: at.map(|at| at.parse().expect("a time")) }
    }

    #[test]
    fn clocks_that_differ_are_told_with_their_direction() {
        let now: Time = "2026-11-23T12:00:00Z".parse().expect("a time");
        for (at, status, part) in [
            (None, Status::Ok, "did not pass on"),
            (Some("2026-11-23T11:59:58Z"), Status::Ok, "the same"),
            (Some("2026-11-23T11:58:00Z"), Status::Warning, "2 min behind"),
            (Some("2026-11-23T12:01:00Z"), Status::Warning, "60 s ahead of"),
        ] {
            let check = clocks(&probe("0.1.0", 1, at), now);
            assert_eq!(check.status, status, "{at:?}");
            assert!(check.found.contains(part), "{}", check.found);
        }
    }

    #[test]
    fn versions_that_differ_and_tokens_that_end_are_worth_a_word() {
        assert_eq!(version(&probe(env!("CARGO_PKG_VERSION"), PROTOCOL, None)).status, Status::Ok);
        assert_eq!(version(&probe("9.9.9", PROTOCOL, None)).status, Status::Warning);
        let other = version(&probe(env!("CARGO_PKG_VERSION"), PROTOCOL + 1, None));
        assert!(other.hint.is_some_and(|hint| hint.contains("protocol")));
        let now = Time::from_ms(0);
        let identity = |ends: Option<i64>| Identity {
            name: "desk".into(),
            role: parking_api::tokens::Role::Viewer,
            expires_at: ends.map(|ms| now.plus_ms(ms)),
            csrf_token: None,
        };
        assert_eq!(token(&identity(None), now).status, Status::Ok);
        assert_eq!(token(&identity(Some(ENDS_SOON_MS + 1)), now).status, Status::Ok);
        assert_eq!(token(&identity(Some(60_000)), now).status, Status::Warning);
        assert_eq!(reached(SLOW * 2).status, Status::Warning);
    }
}
