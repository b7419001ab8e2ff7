//! What to do next about a failure. Does not know how it is shown.

use parking_api::client::Error;
use parking_api::{Problem, ProblemCode};

use parking_api::client::settings::Settings;

/// What to do next; none where the failure says it itself.
pub fn of(error: &Error, settings: Option<&Settings>) -> Option<String> {
    match error {
        Error::Unreachable { detail, .. } if detail.contains("certificate") => Some(
            "if the server has an authority of its own, name its certificate with --ca-file FILE or PARKCTL_CA_FILE"
                .into(),
        ),
        Error::Unreachable { .. } => Some(unreachable(settings)),
        Error::TimedOut { .. } => {
            Some("the daemon is busy or far away; give it more time with --timeout SECONDS".into())
        }
        Error::Config { .. } => None,
        Error::Protocol { .. } => Some(match settings {
            Some(settings) => format!("is {} ({}) a parkd of this version?", settings.server, settings.server_from),
            None => "is the server a parkd of this version?".into(),
        }),
        Error::Refused(problem) => refused(problem, settings),
    }
}

fn unreachable(settings: Option<&Settings>) -> String {
    let start = "start one with `parkd serve`, or name another with --server URL or PARKCTL_SERVER";
    match settings {
        Some(settings) if settings.is_local => {
            format!("the daemon of this machine ({}) is not running; {start}", settings.server_from)
        }
        Some(settings) if settings.server_from.is_default() => format!("no daemon runs on this machine; {start}"),
        Some(settings) => format!("the address comes from {}; is parkd running there?", settings.server_from),
        None => format!("is parkd running? {start}"),
    }
}

fn refused(problem: &Problem, settings: Option<&Settings>) -> Option<String> {
    let text = match problem.code {
        ProblemCode::Unauthenticated => return Some(unauthenticated(settings)),
        ProblemCode::RateLimited => return Some(later(problem)),
        ProblemCode::Forbidden => "use a token of a higher role; `parkctl status` shows whose this one is",
        ProblemCode::LotNotFound => "see `parkctl lot list`, then name one with --lot or PARKCTL_LOT",
        ProblemCode::SlotNotFound => "see `parkctl slot list`, or name another lot with --lot",
        ProblemCode::SessionNotFound => "see `parkctl session list`",
        ProblemCode::CaptureNotFound | ProblemCode::ImageNotFound => "see `parkctl capture list`",
        ProblemCode::CameraNotFound => "see `parkctl camera list`, or create it with `parkctl camera create ID`",
        ProblemCode::TokenNotFound => "see `parkctl token list`",
        ProblemCode::ToggleRefused => "set it outright: `parkctl slot set CODE --state free`",
        ProblemCode::RevStale => "look at it again and decide anew",
        ProblemCode::LastAdmin => "create another admin token first: `parkctl token create NAME --role admin`",
        ProblemCode::ImportRefused => "correct these rows and import the file again; nothing was changed",
        ProblemCode::CursorTooOld => "leave --after out to see what is still kept",
        ProblemCode::Overloaded | ProblemCode::Unavailable => "the daemon is busy; try again in a moment",
        ProblemCode::OutcomeUnknown => "look whether it was done before you do it again",
        ProblemCode::SpoolFull => {
            "bring the object store of the daemon back, or give its spool more room (PARKD_SPOOL_MAX)"
        }
        ProblemCode::StorageFull => "make room on the disk of the daemon",
        ProblemCode::Internal => return Some(internal(problem)),
        _ => return None,
    };
    Some(text.into())
}

fn unauthenticated(settings: Option<&Settings>) -> String {
    let give = "give one with --token-file FILE, PARKCTL_TOKEN or PARKCTL_TOKEN_FILE";
    match settings {
        Some(Settings { token_from: Some(from), .. }) => {
            format!("the token from {from} is not valid (any more); {give}")
        }
        Some(Settings { token_missed: Some(missed), .. }) => format!("{missed}; {give}"),
        _ => format!("no token was sent; {give}"),
    }
}

fn later(problem: &Problem) -> String {
    match problem.retry_after_ms {
        Some(ms) => format!("try again in {} s", ms.div_ceil(1000)),
        None => "try again in a moment".into(),
    }
}

fn internal(problem: &Problem) -> String {
    match &problem.request_id {
        Some(id) => format!("the log of the daemon says more under request {id}"),
        None => "the log of the daemon says more".into(),
    }
}
