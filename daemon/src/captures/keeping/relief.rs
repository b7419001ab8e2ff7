//! A disk that runs low: the oldest captures go until there is room again, and where none may go, no more come.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::super::Error;
use super::super::forecast::size;
use super::super::retention::Rules;
use super::Keeper;
use super::expiry::Pace;
use crate::objects;

/// Of what is kept free, this part more is freed, so that it does not begin again at once.
const EXTRA_PART: u64 = 4;

/// Whether there is room for pictures. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Room(Arc<Mutex<State>>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Enough,
    /// The oldest captures are going.
    Low(String),
    /// None may go.
    Full(String),
}

impl Room {
    /// # Errors
    /// When no picture may come now.
    pub fn check(&self) -> objects::Result<()> {
        match &*self.state() {
            State::Full(detail) => Err(objects::Error::Full(detail.clone())),
            State::Enough | State::Low(_) => Ok(()),
        }
    }

    /// What is wrong, if something is.
    pub fn trouble(&self) -> Option<String> {
        match &*self.state() {
            State::Enough => None,
            State::Low(detail) | State::Full(detail) => Some(detail.clone()),
        }
    }

    /// What is inside is whole at every moment, so a panic elsewhere does not spoil it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self) {
        if !matches!(std::mem::take(&mut *self.state()), State::Enough) {
            tracing::info!("the disk of the pictures has room again");
        }
    }

    fn is_low(&self, detail: &str) {
        let mut state = self.state();
        if matches!(*state, State::Enough) {
            tracing::error!(detail, "the disk of the pictures is low: the oldest go");
            *state = State::Low(format!("{detail}: the oldest pictures go"));
        }
    }

    fn is_full(&self, detail: &str) {
        let mut state = self.state();
        if !matches!(*state, State::Full(_)) {
            tracing::error!(detail, "the disk of the pictures is low and none of them may go: uploads are refused");
        }
        *state = State::Full(format!("{detail}, and no picture may go: uploads are refused until there is room"));
    }
}

impl Keeper {
    /// Looks at the disk, and makes room when it is low. Returns whether something went.
    pub(super) async fn relieve(&self) -> Result<bool, Error> {
        let Some(space) = self.objects.space().await? else { return Ok(false) };
        let min = self.free_min(space);
        if space.free >= min {
            self.room.settle();
            return Ok(false);
        }
        let detail = format!("the disk has {} free, and {} are to be kept free", size(space.free), size(min));
        self.room.is_low(&detail);
        if let Some(thumbnails) = &self.thumbnails {
            // They can be made again; and where the database is on the same disk, it needs a little to let captures go.
            thumbnails.clear().await;
        }
        let rules = Rules {
            age_ms_max: None,
            bytes_max: None,
            per_camera_max: None,
            keep_last: self.settings.keep_last,
            free: min + min / EXTRA_PART - space.free,
        };
        let gone = self.expire(rules, Pace::Urgent).await?;
        let (captures, bytes) = (gone.captures(), gone.bytes());
        if captures > 0 {
            tracing::error!(captures, bytes, "the oldest pictures were removed because the disk is low");
            self.counted.lock().await.take();
        }
        match self.objects.space().await? {
            Some(space) if space.free >= min => self.room.settle(),
            _ if captures == 0 => self.room.is_full(&detail),
            _ => {}
        }
        Ok(captures > 0)
    }
}
