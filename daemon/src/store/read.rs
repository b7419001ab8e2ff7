//! One moment of the database: everything read through it fits together.

use parking_api::captures::Capture;
use parking_api::events::Event;
use parking_api::lots::Lot;
use parking_api::sessions::{Session, UNDO_MS};
use parking_api::{CaptureId, LotId, SessionId};

use super::cameras::CameraRow;
use super::captures::CaptureRow;
use super::firmware::FirmwareRow;
use super::lots::LotRow;
use super::regions::RegionsRow;
use super::sessions::SessionRow;
use super::slots::SlotRow;
use super::sql::{Dialect, Row, Tx, sql};
use super::tokens::TokenRow;
use super::{Error, Head, Parts, Result, Store, events, lots, sessions};

/// A read transaction.
#[derive(Debug)]
pub struct Read {
    pub(super) dialect: Dialect,
    pub(super) tx: Tx,
}

impl Store {
    pub async fn read(&self) -> Result<Read> {
        Ok(Read { dialect: self.readers.dialect(), tx: self.readers.begin_read().await? })
    }

    /// The same for work that may take hours, such as a copy of everything: nobody waits for it as for a page.
    pub async fn read_long(&self) -> Result<Read> {
        let mut read = self.read().await?;
        read.tx.take_time().await?;
        Ok(read)
    }

    /// Everything of one lot that belongs into memory; `None` when there is no such lot.
    pub async fn parts(&self, lot: &LotId) -> Result<Option<Parts>> {
        self.read().await?.parts(lot).await
    }
}

impl Read {
    pub async fn lot(&mut self, lot: &LotId) -> Result<Option<(Lot, Head)>> {
        let row: Option<LotRow> = sql(lots::ONE).bind(lot.as_str()).optional(&mut self.tx).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Everything of one lot that belongs into memory.
    pub async fn parts(&mut self, lot: &LotId) -> Result<Option<Parts>> {
        let Some((lot, head)) = self.lot(lot).await? else { return Ok(None) };
        let id = lot.id.clone();
        let ended = sql(sessions::ENDED).bind(id.as_str()).bind(head.at.plus_ms(-UNDO_MS).ms());
        let ended: Vec<SessionRow> = ended.all(&mut self.tx).await?;
        Ok(Some(Parts {
            lot,
            epoch: head.epoch,
            seq: head.seq,
            at: head.at,
            slots: self.all::<SlotRow, _>(&id, "select * from slots where lot = $1").await?,
            sessions: self.all::<SessionRow, _>(&id, sessions::OPEN).await?,
            ended: ended.into_iter().map(Session::try_from).collect::<Result<_>>()?,
            cameras: self.all::<CameraRow, _>(&id, "select * from cameras where lot = $1 order by id").await?,
            regions: self.all::<RegionsRow, _>(&id, "select * from camera_regions where lot = $1 order by id").await?,
            firmwares: self.all::<FirmwareRow, _>(&id, "select * from firmware where lot = $1 order by id").await?,
            tokens: self.all::<TokenRow, _>(&id, "select * from tokens where lot = $1 order by id").await?,
        }))
    }

    async fn all<R: Row, T: TryFrom<R, Error = Error>>(&mut self, lot: &LotId, text: &'static str) -> Result<Vec<T>> {
        let rows: Vec<R> = sql(text).bind(lot.as_str()).all(&mut self.tx).await?;
        rows.into_iter().map(T::try_from).collect()
    }

    pub async fn events_after(&mut self, lot: &LotId, after: u64, limit: usize) -> Result<Vec<Event>> {
        let bodies = events::after(&mut self.tx, lot, after, limit).await?;
        bodies.iter().map(|body| events::parse(body)).collect()
    }

    /// The fold of the events that are no longer kept.
    pub async fn checkpoint(&mut self, lot: &LotId) -> Result<Option<Parts>> {
        let query = sql("select state from checkpoints where lot = $1").bind(lot.as_str());
        let state: Option<(String,)> = query.optional(&mut self.tx).await?;
        state.map(|(state,)| serde_json::from_str(&state).map_err(|e| Error::corrupt("checkpoints", e))).transpose()
    }

    /// The sessions of a lot after `after` by id, a page of them.
    pub async fn sessions_by_id(
        &mut self,
        lot: &LotId,
        after: Option<SessionId>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let query = sql("select * from sessions where lot = $1 and id > $2 order by id limit $3").bind(lot.as_str());
        let query = query.bind(after.map_or(String::new(), |id| id.to_string())).bind(limit);
        let rows: Vec<SessionRow> = query.all(&mut self.tx).await?;
        rows.into_iter().map(Session::try_from).collect()
    }

    /// The captures of a lot after `after` by id, a page of them.
    pub async fn captures_by_id(
        &mut self,
        lot: &LotId,
        after: Option<CaptureId>,
        limit: usize,
    ) -> Result<Vec<Capture>> {
        let query = sql("select * from captures where lot = $1 and id > $2 order by id limit $3").bind(lot.as_str());
        let query = query.bind(after.map_or(String::new(), |id| id.to_string())).bind(limit);
        let rows: Vec<CaptureRow> = query.all(&mut self.tx).await?;
        rows.into_iter().map(Capture::try_from).collect()
    }

    /// First and last `seq` of the log, and how many events it holds.
    pub async fn log_extent(&mut self, lot: &LotId) -> Result<(u64, u64, u64)> {
        let query = sql("select min(seq), max(seq), count(*) from events where lot = $1").bind(lot.as_str());
        let (first, last, count): (Option<i64>, Option<i64>, i64) = query.one(&mut self.tx).await?;
        Ok((first.unwrap_or(0) as u64, last.unwrap_or(0) as u64, count as u64))
    }
}
