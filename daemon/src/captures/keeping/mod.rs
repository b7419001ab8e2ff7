//! Keeps pictures from filling the disk: counts them, forecasts, lets the oldest go by the rules or in need, and compares the object store
//! with the ledger. Decides nothing itself: [`super::retention`] and [`super::forecast`] do.

mod expiry;
mod relief;
mod sweep;
mod watch;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_api::Time;
use parking_api::storage::{Disk, RetentionRules, RetentionRun, Storage, SweepRun};
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

use super::forecast::{History, sentence};
use super::retention::{Group, Rules};
use super::{Error, Thumbnails};
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::objects::{Objects, Space};
pub use expiry::Gone;
pub use relief::Room;
pub use sweep::Depth;

/// Facts in the database: what was done last.
const RETAINED: &str = "retention";
const SWEPT: &str = "sweep";
/// What was counted is good for this long, and for so many times as long as it took to count.
const COUNTED_FOR: Duration = Duration::from_secs(60);
const COUNTED_FOR_TIMES: u32 = 100;
/// Of a disk this part is kept free, but no more than so many bytes, unless told otherwise.
const FREE_PERCENT: u64 = 5;
const FREE_BYTES: u64 = 2 << 30;
/// A disk that is full in so many days is spoken of where all is summed up.
const WARN_DAYS: u32 = 30;

/// A part of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    Bytes(u64),
    Percent(u64),
}

impl Share {
    fn of(self, total: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => (u128::from(total) * u128::from(percent) / 100) as u64,
        }
    }
}

/// What the operator wants kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub age_ms_max: Option<i64>,
    /// A percentage is of the disk that pictures are on; where they are on none, it is no rule.
    pub bytes_max: Option<Share>,
    pub per_camera_max: Option<u64>,
    pub keep_last: u64,
    /// What of the disk is kept free; by default 5 % or 2 GiB, whichever is less.
    pub free_min: Option<Share>,
    /// An object that no capture names stays until it is as old as that.
    pub orphan_age_ms: i64,
    /// How often the rules are applied, and the object store is compared.
    pub retain_every: Duration,
    pub sweep_every: Duration,
}

/// Keeps pictures within their bounds. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Keeper {
    ledger: Ledger,
    objects: Objects,
    /// Of this daemon; a command beside it has none.
    thumbnails: Option<Thumbnails>,
    clock: Arc<dyn Clock>,
    settings: Arc<Settings>,
    room: Room,
    counted: Arc<Mutex<Option<Counted>>>,
}

/// What was counted, when, and how long that took.
#[derive(Debug, Clone)]
struct Counted {
    stock: Arc<Stock>,
    at: Instant,
    took: Duration,
}

/// Everything that is kept.
#[derive(Debug, Default)]
struct Stock {
    at: Time,
    captures: u64,
    bytes: u64,
    pinned: u64,
    history: History,
    /// Captures and bytes.
    groups: BTreeMap<Group, (u64, u64)>,
}

impl Keeper {
    pub fn new(
        ledger: Ledger,
        objects: Objects,
        thumbnails: Option<Thumbnails>,
        clock: Arc<dyn Clock>,
        settings: Settings,
    ) -> Self {
        let (room, counted) = (Room::default(), Arc::default());
        Self { ledger, objects, thumbnails, clock, settings: settings.into(), room, counted }
    }

    /// Whether more pictures may come.
    pub fn room(&self) -> &Room {
        &self.room
    }

    fn free_min(&self, space: Space) -> u64 {
        let by_default = (space.total * FREE_PERCENT / 100).min(FREE_BYTES);
        self.settings.free_min.map_or(by_default, |share| share.of(space.total))
    }

    fn rules(&self, space: Option<Space>) -> Rules {
        let bytes_max = self.settings.bytes_max.and_then(|share| match (share, space) {
            (Share::Bytes(bytes), _) => Some(bytes),
            (share, Some(space)) => Some(share.of(space.total)),
            (_, None) => None,
        });
        Rules {
            age_ms_max: self.settings.age_ms_max,
            bytes_max,
            per_camera_max: self.settings.per_camera_max,
            keep_last: self.settings.keep_last,
            free: 0,
        }
    }

    async fn count(&self) -> Result<Stock, Error> {
        let mut stock = Stock { at: self.clock.now(), ..Stock::default() };
        for sum in self.ledger.store().capture_sums().await? {
            stock.captures += sum.captures;
            stock.bytes += sum.bytes;
            stock.pinned += sum.pinned;
            let history = &mut stock.history;
            *history.bytes.entry(sum.day).or_default() += sum.bytes;
            *history.pinned.entry(sum.day).or_default() += sum.pinned_bytes;
            history.since = Some(history.since.map_or(sum.first, |since| since.min(sum.first)));
            let group = stock.groups.entry((sum.lot, sum.camera)).or_default();
            *group = (group.0 + sum.captures, group.1 + sum.bytes);
        }
        Ok(stock)
    }

    /// What was counted lately, or is now.
    async fn stock(&self) -> Result<Arc<Stock>, Error> {
        let mut counted = self.counted.lock().await;
        if let Some(Counted { stock, at, took }) = &*counted
            && at.elapsed() < COUNTED_FOR.max(*took * COUNTED_FOR_TIMES)
        {
            return Ok(Arc::clone(stock));
        }
        let since = Instant::now();
        let stock = Arc::new(self.count().await?);
        *counted = Some(Counted { stock: Arc::clone(&stock), at: Instant::now(), took: since.elapsed() });
        Ok(stock)
    }

    /// Everything there is to say of it.
    ///
    /// # Errors
    /// When the database or the disk cannot be asked.
    pub async fn storage(&self) -> Result<Storage, Error> {
        let stock = self.stock().await?;
        self.describe(&stock).await
    }

    /// What somebody should look after, as far as that is known without counting.
    ///
    /// # Errors
    /// When the database or the disk cannot be asked.
    pub async fn trouble(&self) -> Result<Option<String>, Error> {
        let counted = self.counted.try_lock().ok().and_then(|counted| Some(Arc::clone(&counted.as_ref()?.stock)));
        Ok(self.describe(&counted.unwrap_or_default()).await?.trouble)
    }

    async fn describe(&self, stock: &Stock) -> Result<Storage, Error> {
        let space = self.objects.space().await?;
        let (rules, now) = (self.rules(space), self.clock.now());
        let disk = space.map(|space| Disk {
            free_bytes: space.free,
            total_bytes: space.total,
            free_bytes_min: self.free_min(space),
        });
        let room = disk.map(|disk| disk.free_bytes.saturating_sub(disk.free_bytes_min));
        let full_in_days = room.and_then(|room| stock.history.days_until_full(now, room, &rules));
        let bytes_per_day = stock.history.bytes_per_day(now);
        let sweep: Option<SweepRun> = self.done(SWEPT).await?;
        Ok(Storage {
            captures: stock.captures,
            bytes: stock.bytes,
            pinned: stock.pinned,
            oldest_at: stock.history.since,
            counted_at: stock.at,
            bytes_per_day,
            disk,
            full_in_days,
            forecast: sentence(bytes_per_day, disk.is_some(), full_in_days),
            trouble: self.summed_up(full_in_days, sweep.as_ref()),
            rules: RetentionRules {
                age_s_max: rules.age_ms_max.map(|ms| ms.unsigned_abs() / 1_000),
                bytes_max: rules.bytes_max,
                per_camera_max: rules.per_camera_max,
                keep_last: rules.keep_last,
            },
            retention: self.done(RETAINED).await?,
            sweep,
        })
    }

    fn summed_up(&self, full_in_days: Option<u32>, sweep: Option<&SweepRun>) -> Option<String> {
        let near = full_in_days.filter(|days| *days <= WARN_DAYS);
        let sweep = sweep.map(sweep::findings).unwrap_or_default();
        let all = self.room.trouble().or(near.map(|days| sentence(None, true, Some(days)))).into_iter().chain(sweep);
        Some(all.collect::<Vec<_>>().join("; ")).filter(|all| !all.is_empty())
    }

    async fn done<T: DeserializeOwned>(&self, fact: &str) -> Result<Option<T>, Error> {
        // What another version wrote here is as good as nothing.
        Ok(self.ledger.store().fact(fact).await?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    async fn keep_done(&self, fact: &str, what: &impl serde::Serialize) -> Result<(), Error> {
        let text = serde_json::to_string(what).map_err(|e| super::failed("keep what was done", &e))?;
        Ok(self.ledger.store().put_fact(fact, &text).await?)
    }

    /// Removes what the rules no longer keep.
    ///
    /// # Errors
    /// When the database or the object store fails.
    pub async fn retain(&self) -> Result<Gone, Error> {
        let rules = self.rules(self.objects.space().await?);
        let gone = self.expire(rules, expiry::Pace::Gentle).await?;
        if gone.captures() > 0 {
            let run = RetentionRun { at: self.clock.now(), captures: gone.captures(), bytes: gone.bytes() };
            self.keep_done(RETAINED, &run).await?;
            self.counted.lock().await.take();
        }
        Ok(gone)
    }

    /// What [`Self::retain`] would remove now.
    ///
    /// # Errors
    /// When the database or the disk cannot be asked.
    pub async fn plan(&self) -> Result<Gone, Error> {
        let rules = self.rules(self.objects.space().await?);
        self.expire(rules, expiry::Pace::Dry).await
    }
}
