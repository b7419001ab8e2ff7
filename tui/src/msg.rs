//! Everything that can happen to the console, as one closed list. A message can be written down and read again: a recording is a test.

use crossterm::event::{KeyEvent, MouseEvent};
use parking_api::cameras::Camera;
use parking_api::captures::Capture;
use parking_api::client::{Error, LiveMessage};
use parking_api::events::{Event, EventPage};
use parking_api::history::HistoryBucket;
use parking_api::live::Snapshot;
use parking_api::lots::Lot;
use parking_api::sessions::Session;
use parking_api::slots::Slot;
use parking_api::tokens::Identity;
use parking_api::{CameraId, LotId, SlotId, Time};
use serde::{Deserialize, Serialize};

use crate::effect::Fetch;
use crate::images::Picture;
use crate::images::choice::Chosen;
use crate::pictures::{Ask, Spot};
use crate::sights::Explained;

/// Number of something that a person did; one for all slots that it was done to.
pub type OpId = u64;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Msg {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    /// Columns and rows.
    Resize(u16, u16),
    /// Width and height of a cell, in pixels, after the window has changed.
    Cell(u16, u16),
    /// Time has passed.
    Tick,
    Live {
        lot: LotId,
        message: LiveMessage,
    },
    /// What was known at an earlier time.
    Remembered {
        lot: LotId,
        at: Time,
        snapshot: Box<Snapshot>,
    },
    Who(Result<Identity, Error>),
    Lots(Result<Vec<Lot>, Error>),
    Written {
        op: OpId,
        slot: SlotId,
        result: Result<Written, Error>,
    },
    Fetched {
        lot: LotId,
        result: Result<Fetched, NotFetched>,
    },
    /// How pictures are drawn on this terminal.
    Terminal(Box<Chosen>),
    /// A picture is ready, or why it is not.
    Image {
        lot: LotId,
        spot: Spot,
        ask: Ask,
        result: Result<Box<Picture>, String>,
    },
    /// Where a picture was saved to, or why it was not.
    Saved(Result<String, String>),
    /// The system wants this process to end.
    Stop,
}

/// A change that is on disk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub slot: Box<Slot>,
    pub seq: u64,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fetched {
    /// The newest events of the lot.
    Log(EventPage),
    /// How full the lot was, by quarter of an hour, oldest first.
    Trend(Vec<HistoryBucket>),
    /// The newest changes of a slot, oldest first, and its current stay.
    History {
        slot: SlotId,
        events: Vec<Event>,
        stay: Option<Session>,
    },
    Why(Box<Explained>),
    Sessions(Vec<Session>),
    Cameras(Vec<Camera>),
    /// Pictures of a camera, newest first: the first page, or one of those after it.
    Captures {
        camera: CameraId,
        captures: Vec<Capture>,
        next: Option<String>,
        is_first: bool,
    },
}

/// What was asked for in vain, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotFetched {
    pub what: Fetch,
    pub error: Error,
}

/// A message and when it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stamped {
    pub at: Time,
    #[serde(flatten)]
    pub msg: Msg,
}
