//! `camera doctor`: what is wrong with a camera, by what it reports and sends, and what to do about it.

use parking_api::cameras::{Camera, CameraStatus};
use parking_api::captures::Capture;
use parking_api::client::Error as Refusal;
use parking_api::{CameraId, ProblemCode, SlotCode, Time};
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{Column, Look, Record, Show, Shown, Tint, bytes};
use crate::times::{relative, rough};

pub const EXAMPLES: &str = "\
Looks at what the camera reported last and at its latest picture. The exit code is 1 when something is bad.

Examples:
  parkctl camera doctor cam-1
  parkctl camera doctor cam-1 -o json";

/// Signal that is good enough, and that is still of use, in dBm.
const GOOD_DBM: i16 = -70;
const USABLE_DBM: i16 = -80;
/// Less free memory than this is too little for the next picture.
const HEAP_BYTES_MIN: u64 = 20_000;
/// A camera that runs for less than this has restarted lately.
const STEADY_S: u64 = 600;
/// A camera's clock may differ by this much, in milliseconds; an upload takes some seconds.
const CLOCK_MS_MAX: i64 = 60_000;
/// A camera reports every quarter of an hour; what is older than two of them says little of now.
const REPORT_MS_MAX: i64 = 2 * 15 * 60_000;
/// A picture may be as late as a camera that counts as `late`.
const INTERVALS_MAX: i64 = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    Ok,
    Warning,
    Bad,
    Unknown,
}

/// One look at one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    result: Health,
    found: String,
    advice: Option<&'static str>,
}

fn finding(check: &'static str, result: Health, found: impl Into<String>, advice: &'static str) -> Finding {
    let advice = Some(advice).filter(|_| matches!(result, Health::Warning | Health::Bad));
    Finding { check, result, found: found.into(), advice }
}

pub async fn run(app: &mut App, id: &CameraId) -> Result<(), Error> {
    let client = app.client()?;
    let camera = client.camera(id).await?;
    let latest = match client.capture_latest(Some(id)).await {
        Ok(capture) => Some(capture),
        Err(Refusal::Refused(problem)) if problem.code == ProblemCode::CaptureNotFound => None,
        Err(error) => return Err(error.into()),
    };
    let findings = examine(&camera, latest.as_ref(), app.now());
    app.out.list(&findings, "")?;
    match findings.iter().any(|finding| finding.result == Health::Bad) {
        true => Err(Error::Reported(Exit::Failed)),
        false => Ok(()),
    }
}

/// Everything that can be told. Pure.
fn examine(camera: &Camera, latest: Option<&Capture>, now: Time) -> Vec<Finding> {
    let mut findings = vec![contact(camera, now), picture(camera, latest, now)];
    findings.extend(latest.map(clock));
    findings.extend(blind(camera));
    let Some(health) = camera.contact.as_ref().and_then(|contact| contact.health.as_ref()) else {
        findings.push(Finding {
            check: "report",
            result: Health::Unknown,
            found: "it has reported nothing of itself".into(),
            advice: None,
        });
        return findings;
    };
    findings.extend(report(camera, now));
    findings.extend(health.rssi_dbm.map(signal));
    findings.extend(restart(health.reset_reason.as_deref(), health.uptime_s));
    findings.extend(health.free_heap_bytes.map(|free| {
        let result = if free < HEAP_BYTES_MIN { Health::Warning } else { Health::Ok };
        finding(
            "memory",
            result,
            format!("{} free", bytes(free)),
            "let it take smaller pictures; it restarts when its memory is full",
        )
    }));
    findings.extend(health.queue_depth.map(|waiting| queue(waiting, health.dropped.unwrap_or(0))));
    findings.extend(health.mode.as_deref().map(mode));
    findings.extend(health.errors.map(|errors| {
        let result = if errors > 0 { Health::Warning } else { Health::Ok };
        let advice = "`parkctl camera monitor` on a cable shows what goes wrong";
        finding("errors", result, format!("{errors} since it started"), advice)
    }));
    findings
}

fn contact(camera: &Camera, now: Time) -> Finding {
    let Some(contact) = &camera.contact else {
        let advice = "it has never been heard of: set it up with `parkctl camera provision`";
        return finding("contact", Health::Bad, "never", advice);
    };
    let result = match camera.status {
        CameraStatus::Online => Health::Ok,
        CameraStatus::Late => Health::Warning,
        CameraStatus::Offline => Health::Bad,
    };
    let found = format!("{}, seen {}", camera.status, relative(contact.seen_at, now));
    finding(
        "contact",
        result,
        found,
        "check its power first, then its network; `parkctl camera monitor` on a cable shows what it logs",
    )
}

fn picture(camera: &Camera, latest: Option<&Capture>, now: Time) -> Finding {
    let Some(capture) = latest else {
        return finding("picture", Health::Bad, "none", "press the flat cable of the camera module home");
    };
    if let Some(since) = camera.frozen_since {
        let found = format!("the same over and over, for {}", rough(now.ms_since(since).unsigned_abs() / 1_000));
        let advice = "its sensor hangs: restart it, and press the flat cable of the camera module home";
        return finding("picture", Health::Bad, found, advice);
    }
    if let Some(since) = camera.moved_since {
        let found = format!("not of its slots, for {}", rough(now.ms_since(since).unsigned_abs() / 1_000));
        let advice = "it was moved, or something stands before it: turn it back, or draw its regions anew";
        return finding("picture", Health::Bad, found, advice);
    }
    let due_ms = i64::from(camera.interval_s) * 1_000 * INTERVALS_MAX;
    let result = if now.ms_since(capture.received_at) > due_ms { Health::Bad } else { Health::Ok };
    let every = rough(camera.interval_s.into());
    let found = format!(
        "{}x{}, {}, {} (every {every})",
        capture.width,
        capture.height,
        bytes(capture.bytes),
        relative(capture.received_at, now)
    );
    finding("picture", result, found, "it takes no pictures or cannot upload them; is it in contact?")
}

/// How old the report is that all the rest is read from.
fn report(camera: &Camera, now: Time) -> Option<Finding> {
    let at = camera.contact.as_ref()?.health_at?;
    let result = if now.ms_since(at) > REPORT_MS_MAX { Health::Warning } else { Health::Ok };
    let advice = "what follows was so then and may be otherwise now: is it in contact?";
    Some(finding("report", result, relative(at, now), advice))
}

fn blind(camera: &Camera) -> Option<Finding> {
    let codes: Vec<&str> = camera.blind_slots.iter().map(SlotCode::as_str).collect();
    let found = format!("{} that nobody sees: {}", codes.len(), codes.join(" "));
    let advice = "look at them yourself until the camera is well, or let another camera see them";
    (!codes.is_empty()).then(|| finding("slots", Health::Warning, found, advice))
}

fn queue(waiting: u32, dropped: u32) -> Finding {
    let result = if waiting + dropped > 0 { Health::Warning } else { Health::Ok };
    let found = format!("{waiting} pictures wait, {dropped} gave way to newer ones");
    let advice = "it uploads slower than it takes pictures: a better signal, or a longer interval, helps";
    finding("queue", result, found, advice)
}

/// As its firmware names them.
fn mode(word: &str) -> Finding {
    let (result, advice) = match word {
        "gentle" => {
            (Health::Warning, "its supply is weak, so it takes half the pictures: 5 V and at least 1 A at its 5V pin")
        }
        "safe" => (
            Health::Bad,
            "it kept failing, and takes no pictures for a while: a better supply, a newer firmware, or another board",
        ),
        _ => (Health::Ok, ""),
    };
    finding("mode", result, word, advice)
}

fn clock(capture: &Capture) -> Finding {
    let ahead_ms = capture.captured_at.ms_since(capture.received_at);
    let seconds = rough(ahead_ms.unsigned_abs() / 1_000);
    let (result, found) = match ahead_ms {
        ..0 if ahead_ms < -CLOCK_MS_MAX => {
            (Health::Warning, format!("{seconds} behind, or the picture waited as long"))
        }
        0.. if ahead_ms > CLOCK_MS_MAX => (Health::Warning, format!("{seconds} ahead")),
        _ => (Health::Ok, "right".into()),
    };
    finding(
        "clock",
        result,
        found,
        "it takes the time from the daemon's answers: restart it, and check the clock of the daemon's machine",
    )
}

fn signal(dbm: i16) -> Finding {
    let result = match dbm {
        GOOD_DBM.. => Health::Ok,
        USABLE_DBM.. => Health::Warning,
        _ => Health::Bad,
    };
    finding(
        "signal",
        result,
        format!("{dbm} dBm"),
        "move the camera or the access point, turn its antenna, or use an external one",
    )
}

fn restart(reason: Option<&str>, uptime_s: Option<u64>) -> Option<Finding> {
    if reason.is_none() && uptime_s.is_none() {
        return None;
    }
    let reason = reason.unwrap_or("unknown");
    let words = reason.to_ascii_lowercase();
    let is_lately = uptime_s.is_none_or(|uptime_s| uptime_s < STEADY_S);
    let (result, advice) = if words.contains("brown") {
        (Health::Bad, "its supply is too weak: 5 V and at least 1 A at its 5V pin")
    } else if ["panic", "wdt", "watchdog"].iter().any(|word| words.contains(word)) {
        (if is_lately { Health::Bad } else { Health::Warning }, "its firmware crashed: a newer one may help")
    } else {
        (Health::Ok, "")
    };
    let when = uptime_s.map_or_else(|| "at some time".into(), |uptime_s| format!("{} ago", rough(uptime_s)));
    Some(finding("restart", result, format!("{when} ({reason})"), advice))
}

fn health(word: &str, look: &Look) -> Shown {
    let (glyph, ascii, tint) = match word {
        "ok" => ("✓", "ok", Tint::Green),
        "warning" => ("!", "!", Tint::Yellow),
        "bad" => ("✗", "x", Tint::Red),
        _ => ("?", "?", Tint::Dim),
    };
    Shown::tinted(format!("{} {word}", look.glyph(glyph, ascii)), tint)
}

impl Record for Finding {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("check", "/check", Show::Text).table("CHECK", 0),
            Column::new("result", "/result", Show::Word(health)).table("RESULT", 0),
            Column::new("found", "/found", Show::Text).table("FOUND", 1).flexible(),
            Column::new("advice", "/advice", Show::Text).table("WHAT TO DO", 2).flexible(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    fn camera(status: &str, health: serde_json::Value) -> Camera {
        let at = Time::from_ms(NOW - 10_000);
        serde_json::from_value(json!({
            "id": "cam-1", "name": "cam-1", "zone": null, "interval_s": 60, "status": status, "status_at": at,
            "created_at": at, "rev": 1,
            "contact": {"seen_at": at, "capture_id": null, "health_at": at, "health": health},
        }))
        .expect("a camera")
    }

    fn capture(age_ms: i64, ahead_ms: i64) -> Capture {
        serde_json::from_value(json!({
            "id": "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12", "camera": "cam-1", "key": "k", "url": "/images/k",
            "content_type": "image/jpeg", "bytes": 34_000, "width": 800, "height": 600, "sha256": "00",
            "captured_at": Time::from_ms(NOW - age_ms + ahead_ms), "received_at": Time::from_ms(NOW - age_ms), "rev": 2,
        }))
        .expect("a capture")
    }

    fn results(camera: &Camera, latest: Option<&Capture>) -> Vec<(&'static str, Health)> {
        let findings = examine(camera, latest, Time::from_ms(NOW));
        for finding in &findings {
            assert_eq!(
                finding.advice.is_some(),
                matches!(finding.result, Health::Warning | Health::Bad),
                "{finding:?}"
            );
        }
        findings.into_iter().map(|finding| (finding.check, finding.result)).collect()
    }

    #[test]
    fn a_camera_that_is_well_is_found_well() {
        let report = json!({"rssi_dbm": -61, "uptime_s": 86_400, "reset_reason": "POWERON", "free_heap_bytes": 90_000, "queue_depth": 0,
            "mode": "normal", "errors": 0});
        let found = results(&camera("online", report), Some(&capture(5_000, 0)));
        let checks: Vec<_> = found.iter().map(|(check, _)| *check).collect();
        assert_eq!(
            checks,
            ["contact", "picture", "clock", "report", "signal", "restart", "memory", "queue", "mode", "errors"]
        );
        assert!(found.iter().all(|(_, result)| *result == Health::Ok), "{found:?}");
    }

    #[test]
    fn whatever_is_wrong_is_found_and_there_is_something_to_do_about_it() {
        let report = json!({"rssi_dbm": -85, "uptime_s": 30, "reset_reason": "BROWNOUT", "free_heap_bytes": 9_000, "queue_depth": 2,
            "mode": "safe", "errors": 7});
        let found = results(&camera("offline", report), Some(&capture(400_000, 90_000)));
        assert_eq!(
            found,
            [
                ("contact", Health::Bad),
                ("picture", Health::Bad),
                ("clock", Health::Warning),
                ("report", Health::Ok),
                ("signal", Health::Bad),
                ("restart", Health::Bad),
                ("memory", Health::Warning),
                ("queue", Health::Warning),
                ("mode", Health::Bad),
                ("errors", Health::Warning),
            ]
        );
        let crashed = json!({"uptime_s": 86_400, "reset_reason": "TASK_WDT", "rssi_dbm": -75});
        let found = results(&camera("late", crashed), Some(&capture(5_000, -90_000)));
        let rest = [("report", Health::Ok), ("signal", Health::Warning), ("restart", Health::Warning)];
        assert_eq!((found[2], &found[3..]), (("clock", Health::Warning), &rest[..]));
    }

    #[test]
    fn a_camera_that_is_in_touch_but_frozen_is_found_bad_with_the_slots_that_nobody_sees() {
        let mut frozen = camera("online", json!({}));
        frozen.frozen_since = Some(Time::from_ms(NOW - 60_000));
        frozen.blind_slots = vec!["A-01".parse().expect("a code")];
        let found = results(&frozen, Some(&capture(5_000, 0)));
        let bad =
            [("contact", Health::Ok), ("picture", Health::Bad), ("clock", Health::Ok), ("slots", Health::Warning)];
        assert_eq!(found, [&bad[..], &[("report", Health::Ok)]].concat());
    }

    #[test]
    fn a_brownout_counts_without_an_uptime_and_an_old_report_is_said_to_be_old() {
        let mut weak = camera("online", json!({"reset_reason": "BROWNOUT"}));
        weak.contact.as_mut().expect("a contact").health_at = Some(Time::from_ms(NOW - REPORT_MS_MAX - 1));
        let found = results(&weak, Some(&capture(5_000, 0)));
        assert_eq!(found[3..], [("report", Health::Warning), ("restart", Health::Bad)]);
    }

    #[test]
    fn a_camera_that_was_never_heard_of_is_bad_and_nothing_more_is_claimed_about_it() {
        let mut silent = camera("offline", json!({}));
        silent.contact = None;
        let found = results(&silent, None);
        assert_eq!(found, [("contact", Health::Bad), ("picture", Health::Bad), ("report", Health::Unknown)]);
    }
}
