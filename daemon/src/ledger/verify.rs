//! Proves that the tables are the fold of the log: folds it and compares, row by row. Changes nothing.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Instant;

use parking_api::captures::Capture;
use parking_api::events::{Event, EventChange};
use parking_api::lots::Lot;
use parking_api::sessions::Session;
use parking_api::{CaptureId, LotId, SessionId};

use super::state::LotState;
use crate::store::{Error, Parts, Read, Result, Store};

/// Events or rows that are read at once.
const PAGE: usize = 2_000;
/// Differences that one report lists.
const FINDINGS_MAX: usize = 100;

/// One difference between the log and a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub table: &'static str,
    pub row: String,
    pub detail: String,
}

/// What the check of one lot found.
#[derive(Debug)]
pub struct Report {
    pub lot: LotId,
    pub events: u64,
    /// Rows compared, over all tables.
    pub rows: u64,
    /// The first [`FINDINGS_MAX`] differences; none when the lot is sound.
    pub findings: Vec<Finding>,
}

/// How much of a lot is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Everything, as fast as possible.
    Whole,
    /// The log and the present state, in little memory, resting often: what a daemon can do beside its work.
    State,
}

/// A check beside other work rests this many times as long as each of its pages took.
const REST: u32 = 3;

/// Checks one lot in one read transaction, so that it can be done while the daemon writes.
///
/// # Errors
/// When the database cannot be read or an event cannot be understood.
pub async fn verify(store: &Store, lot: &LotId, depth: Depth) -> Result<Option<Report>> {
    let mut read = store.read_long().await?;
    let Some((row, head)) = read.lot(lot).await? else { return Ok(None) };
    let mut fold = Fold::start(&mut read, &row, &head.epoch, depth).await?;
    let mut report = Report { lot: lot.clone(), events: 0, rows: 0, findings: Vec::new() };
    let (first, last, count) = read.log_extent(lot).await?;
    if (last, count) != (head.seq, head.seq + 1 - first) || first > head.floor {
        let detail =
            format!("holds {count} events from {first} to {last}, but head is {} and floor {}", head.seq, head.floor);
        report.add("events", lot, detail);
    }
    loop {
        let since = Instant::now();
        let page = read.events_after(lot, fold.state.seq(), PAGE).await?;
        let Some(next) = page.first() else { break };
        if next.seq != fold.state.seq() + 1 {
            report.add("events", lot, format!("after {} comes {}", fold.state.seq(), next.seq));
            return Ok(Some(report));
        }
        for event in &page {
            report.events += 1;
            if event.at < fold.state.at() {
                report.add("events", event.seq, format!("its time {} is before that of the one before", event.at));
            }
            fold.apply(event);
        }
        if depth == Depth::State {
            tokio::time::sleep(since.elapsed() * REST).await;
        }
    }
    let stored = read.parts(lot).await?.ok_or_else(|| Error::Corrupt(format!("lot {lot} vanished in a read")))?;
    report.compare_parts(&fold.state.to_parts(), &LotState::from_parts(stored).to_parts());
    if depth == Depth::Whole {
        fold.compare_history(&mut read, lot, &mut report).await?;
    }
    report.findings.truncate(FINDINGS_MAX);
    Ok(Some(report))
}

/// The fold of the log: the state, and the history that the state leaves behind.
struct Fold {
    state: LotState,
    sessions: BTreeMap<SessionId, Session>,
    captures: BTreeMap<CaptureId, Option<Capture>>,
    /// `seq` of the checkpoint that it started from: older history is not in the log any more.
    from: u64,
    depth: Depth,
}

impl Fold {
    async fn start(read: &mut Read, lot: &Lot, epoch: &str, depth: Depth) -> Result<Self> {
        let state = match read.checkpoint(&lot.id).await? {
            Some(parts) => LotState::from_parts(parts),
            None => LotState::new(lot.clone(), epoch),
        };
        let from = state.seq();
        Ok(Self { state, sessions: BTreeMap::new(), captures: BTreeMap::new(), from, depth })
    }

    fn apply(&mut self, event: &Event) {
        self.state.apply(event);
        if self.depth == Depth::State {
            return;
        }
        match &event.change {
            EventChange::SlotCreated { session: Some(session), .. }
            | EventChange::SlotChanged { session: Some(session), .. }
            | EventChange::SlotDeleted { session: Some(session), .. }
            | EventChange::SessionOpened { session }
            | EventChange::SessionClosed { session } => {
                self.sessions.insert(session.id, session.clone());
            }
            EventChange::CaptureAdded { capture } | EventChange::CaptureChanged { capture } => {
                self.captures.insert(capture.id, Some(capture.clone()));
            }
            EventChange::CaptureDeleted { capture } => {
                self.captures.insert(capture.id, None);
            }
            EventChange::CaptureExpired { captures, .. } => {
                self.captures.extend(captures.iter().map(|id| (*id, None)));
            }
            _ => {}
        }
    }

    async fn compare_history(mut self, read: &mut Read, lot: &LotId, report: &mut Report) -> Result<()> {
        let mut after = None;
        loop {
            let page = read.sessions_by_id(lot, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for row in page {
                let is_old = row.opened_seq <= self.from && row.closed_seq.is_none_or(|seq| seq <= self.from);
                match self.sessions.remove(&row.id) {
                    None if is_old => {}
                    folded => report.compare("sessions", row.id, folded.as_ref(), Some(&row)),
                }
            }
        }
        for (id, session) in &self.sessions {
            report.compare("sessions", id, Some(session), None);
        }
        let mut after = None;
        loop {
            let page = read.captures_by_id(lot, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            for row in page {
                match self.captures.remove(&row.id) {
                    None if row.rev <= self.from => {}
                    folded => report.compare("captures", row.id, folded.flatten().as_ref(), Some(&row)),
                }
            }
        }
        for (id, capture) in &self.captures {
            report.compare("captures", id, capture.as_ref(), None);
        }
        Ok(())
    }
}

impl Report {
    fn add(&mut self, table: &'static str, row: impl ToString, detail: String) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(Finding { table, row: row.to_string(), detail });
        }
    }

    fn compare<T: PartialEq + Debug>(
        &mut self,
        table: &'static str,
        row: impl ToString,
        log: Option<&T>,
        stored: Option<&T>,
    ) {
        self.rows += 1;
        if log != stored {
            self.add(table, row, format!("the log says {log:?}, the table {stored:?}"));
        }
    }

    fn compare_parts(&mut self, log: &Parts, stored: &Parts) {
        self.compare("lots", &log.lot.id, Some(&log.lot), Some(&stored.lot));
        self.compare("lots", "head", Some(&(log.seq, log.at)), Some(&(stored.seq, stored.at)));
        self.compare_rows("slots", &log.slots, &stored.slots, |slot| slot.id.to_string());
        self.compare_rows("sessions", &log.sessions, &stored.sessions, |session| session.id.to_string());
        self.compare_rows("cameras", &log.cameras, &stored.cameras, |camera| camera.id.to_string());
        self.compare_rows("camera_regions", &log.regions, &stored.regions, |regions| regions.camera.to_string());
        self.compare_rows("firmware", &log.firmwares, &stored.firmwares, |firmware| firmware.id.to_string());
        self.compare_rows("tokens", &log.tokens, &stored.tokens, |token| token.id.to_string());
    }

    fn compare_rows<T: PartialEq + Debug>(
        &mut self,
        table: &'static str,
        log: &[T],
        stored: &[T],
        id: impl Fn(&T) -> String,
    ) {
        let mut rest: BTreeMap<String, &T> = stored.iter().map(|row| (id(row), row)).collect();
        for row in log {
            let stored = rest.remove(&id(row));
            self.compare(table, id(row), Some(row), stored);
        }
        for (id, row) in rest {
            self.compare(table, id, None, Some(row));
        }
    }
}
