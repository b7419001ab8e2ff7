//! Follows a lot and says on stderr what happens to the line. Does not know what the caller makes of a change.

use std::time::Duration;

use parking_api::Time;
use parking_api::client::live::{LinkState, Live, LiveMessage, LiveOptions, follow};
use parking_api::client::{self, Client};
use parking_api::events::Event;
use parking_api::live::{Cursor, Degraded, Lagged, Snapshot, SnapshotReason};
use tokio::time::Instant;

use crate::clock;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Out;
use crate::times::rough;

/// Between two lines about the same outage, in milliseconds.
const TALK_EVERY_MS: i64 = 10_000;

/// A lot that is being followed.
#[derive(Debug)]
pub struct Follow {
    live: Live,
    link: Link,
}

/// What is new.
#[derive(Debug)]
pub enum Step {
    /// Replaces all that was known.
    Snapshot(Box<Snapshot>),
    Event(Box<Event>),
    /// What several changes came to.
    Lagged(Box<Lagged>),
}

impl Follow {
    /// Goes on after `cursor`; without one a snapshot comes first.
    pub fn new(client: &Client, cursor: Option<Cursor>) -> Self {
        let live = follow(client, LiveOptions { cursor, ..LiveOptions::default() });
        Self { live, link: Link::new(client.server()) }
    }

    /// Waits for the next change, however long the line is down. Only a first connection that fails is an error.
    pub async fn next(&mut self, out: &mut Out) -> Result<Step, Error> {
        loop {
            let message =
                self.live.next().await.unwrap_or_else(|| LiveMessage::Ended(self.link.unreachable("it ended")));
            for line in self.link.step(&message, clock::now())? {
                out.talk(&line)?;
            }
            match message {
                LiveMessage::Snapshot(snapshot) => return Ok(Step::Snapshot(snapshot)),
                LiveMessage::Event(event) => return Ok(Step::Event(event)),
                LiveMessage::Lagged(lagged) => return Ok(Step::Lagged(lagged)),
                LiveMessage::Ended(error) => return Err(error.into()),
                LiveMessage::State(_)
                | LiveMessage::Greeted { .. }
                | LiveMessage::Skipped { .. }
                | LiveMessage::Degraded(_)
                | LiveMessage::Heartbeat { .. } => {}
            }
        }
    }
}

/// Where to go on following: a seq, or EPOCH.SEQ as the stream of events names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    epoch: Option<String>,
    seq: u64,
}

impl After {
    /// In the log that there is now, where no other is named.
    pub fn cursor(&self, newest: &Cursor) -> Cursor {
        Cursor { epoch: self.epoch.clone().unwrap_or_else(|| newest.epoch.clone()), seq: self.seq }
    }
}

impl std::str::FromStr for After {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (epoch, seq) = match text.rsplit_once('.') {
            Some((epoch, seq)) => (Some(epoch.to_string()), seq),
            None => (None, text),
        };
        match seq.parse() {
            Ok(seq) if epoch.as_deref() != Some("") => Ok(Self { epoch, seq }),
            _ => Err(format!("{text:?} is neither a seq such as 4181 nor EPOCH.SEQ")),
        }
    }
}

/// When to stop following: after so many, or after so long.
#[derive(Debug)]
pub struct Until {
    deadline: Option<Instant>,
    count: Option<u64>,
    seen: u64,
}

impl Until {
    /// The time is counted from now.
    pub fn begin(count: Option<u64>, limit: Option<Duration>) -> Self {
        Self { deadline: limit.map(|limit| Instant::now() + limit), count, seen: 0 }
    }

    /// None when the time was over first.
    pub async fn within<T>(&self, next: impl Future<Output = T>) -> Option<T> {
        match self.deadline {
            Some(deadline) => tokio::time::timeout_at(deadline, next).await.ok(),
            None => Some(next.await),
        }
    }

    /// Counts one more; whether that was the last.
    pub fn is_last(&mut self) -> bool {
        self.seen += 1;
        Some(self.seen) == self.count
    }

    /// The end when the time is over: as planned, unless a count was waited for.
    pub fn over(&self) -> Result<(), Error> {
        let Some(count) = self.count else { return Ok(()) };
        let what = format!("the time was over after {} of {count}", self.seen);
        Err(Error::here(Exit::TimedOut, "timed_out", what).hint("give it longer with --for SECONDS"))
    }
}

/// What was said of the line so far.
#[derive(Debug)]
struct Link {
    server: String,
    has_been_live: bool,
    outage: Option<Outage>,
}

#[derive(Debug)]
struct Outage {
    since: Time,
    told_at: Time,
    is_explained: bool,
}

impl Link {
    fn new(server: &str) -> Self {
        Self { server: server.into(), has_been_live: false, outage: None }
    }

    /// The lines that `message` is worth.
    fn step(&mut self, message: &LiveMessage, now: Time) -> Result<Vec<String>, Error> {
        let line = match message {
            LiveMessage::State(LinkState::Offline { retry_in, reason, .. }) if self.has_been_live => {
                self.offline(now, reason, retry_in.as_secs_f64())
            }
            LiveMessage::State(LinkState::Offline { reason, .. }) => return Err(self.unreachable(reason).into()),
            LiveMessage::State(LinkState::Live) => self.live(now),
            LiveMessage::Snapshot(snapshot) => self.snapshot(snapshot.reason, now),
            LiveMessage::Lagged(lagged) => {
                Some(format!("too slow for the events {} to {}: what they came to follows", lagged.from + 1, lagged.to))
            }
            LiveMessage::Degraded(degraded) => Some(degraded_line(degraded)),
            _ => None,
        };
        Ok(line.into_iter().collect())
    }

    fn unreachable(&self, reason: &str) -> client::Error {
        client::Error::Unreachable { server: self.server.clone(), detail: reason.into() }
    }

    fn offline(&mut self, now: Time, reason: &str, retry_s: f64) -> Option<String> {
        match &mut self.outage {
            None => {
                self.outage = Some(Outage { since: now, told_at: now, is_explained: false });
                Some(format!("offline: {reason}; trying again in {retry_s:.1} s"))
            }
            Some(outage) if now.ms_since(outage.told_at) >= TALK_EVERY_MS => {
                outage.told_at = now;
                Some(format!("offline for {}: {reason}; trying again in {retry_s:.1} s", span(outage.since, now)))
            }
            Some(_) => None,
        }
    }

    fn live(&mut self, now: Time) -> Option<String> {
        self.has_been_live = true;
        let outage = self.outage.take().filter(|outage| !outage.is_explained)?;
        Some(format!("live again after {}: resumed, nothing was missed", span(outage.since, now)))
    }

    fn snapshot(&mut self, reason: SnapshotReason, now: Time) -> Option<String> {
        if !self.has_been_live {
            return (reason != SnapshotReason::NoCursor).then(|| format!("the line begins anew: {}", why(reason)));
        }
        let after = match &mut self.outage {
            Some(outage) => {
                outage.is_explained = true;
                format!("live again after {}", span(outage.since, now))
            }
            None => "live again".into(),
        };
        Some(format!("{after}: {}, so here is what is different now", why(reason)))
    }
}

fn span(since: Time, now: Time) -> String {
    match now.ms_since(since).max(0) {
        ms @ 0..TALK_EVERY_MS => format!("{:.1} s", ms as f64 / 1000.0),
        ms => rough(ms as u64 / 1000),
    }
}

fn why(reason: SnapshotReason) -> &'static str {
    match reason {
        SnapshotReason::NoCursor => "there was no place to resume at",
        SnapshotReason::EpochChanged => "the log was replaced, as by a restore from backup",
        SnapshotReason::TooOld => "the events in between are no longer kept",
        SnapshotReason::TooMany => "too many events came in between to send them one by one",
        SnapshotReason::Ahead => "the daemon has lost events that were seen here",
    }
}

fn degraded_line(degraded: &Degraded) -> String {
    match degraded.active {
        true => format!("the daemon is degraded: {}", degraded.detail),
        false => "the daemon has recovered".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Time {
        Time::from_ms(ms)
    }

    fn offline(reason: &str) -> LiveMessage {
        let retry_in = Duration::from_millis(300);
        LiveMessage::State(LinkState::Offline { since: at(0), retry_in, reason: reason.into() })
    }

    fn live_link() -> Link {
        let mut link = Link::new("http://127.0.0.1:1");
        assert!(link.step(&LiveMessage::State(LinkState::Live), at(0)).expect("fine").is_empty());
        link
    }

    #[test]
    fn a_place_in_the_log_is_a_seq_with_or_without_its_epoch() {
        let newest = Cursor { epoch: "e2".into(), seq: 9 };
        let cursor = |text: &str| text.parse::<After>().map(|after| after.cursor(&newest));
        assert_eq!(cursor("7"), Ok(Cursor { epoch: "e2".into(), seq: 7 }));
        assert_eq!(cursor("e1.7"), Ok(Cursor { epoch: "e1".into(), seq: 7 }));
        for bad in ["", "x", "e1.", ".7", "-1"] {
            assert!(cursor(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_first_connection_that_fails_is_an_error_and_a_later_one_is_not() {
        let mut link = Link::new("http://127.0.0.1:1");
        let error = link.step(&offline("refused"), at(0)).expect_err("never was live");
        assert_eq!(error.to_string(), "cannot reach http://127.0.0.1:1: refused");
        assert!(live_link().step(&offline("closed"), at(0)).is_ok());
    }

    #[test]
    fn an_outage_is_told_once_and_then_now_and_again() {
        let mut link = live_link();
        let mut told = Vec::new();
        for second in 0..25 {
            told.extend(link.step(&offline("refused"), at(second * 1000)).expect("goes on"));
        }
        told.extend(link.step(&LiveMessage::State(LinkState::Live), at(25_000)).expect("goes on"));
        assert_eq!(
            told,
            [
                "offline: refused; trying again in 0.3 s",
                "offline for 10 s: refused; trying again in 0.3 s",
                "offline for 20 s: refused; trying again in 0.3 s",
                "live again after 25 s: resumed, nothing was missed",
            ]
        );
    }
}
