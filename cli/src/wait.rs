//! `parkctl wait`: ends when a lot is as it was wanted, or when it was not in time.

mod condition;

use std::collections::HashMap;
use std::time::Duration;

use parking_api::cameras::CameraStatus;
use parking_api::events::EventChange;
use parking_api::ids::SlotRef;
use parking_api::slots::Slot;
use parking_api::{CameraId, SlotId};
use serde::Serialize;
use tokio::time::Instant;

use crate::app::App;
use crate::error::Error;
use crate::exit::Exit;
use crate::follow::{Follow, Step};
use crate::output::{Column, Format, Record, Show};
use crate::times;
pub use condition::Condition;
use condition::Verdict;

pub const EXAMPLES: &str = "\
What can be waited for:
  free>0                        also occupied, reserved, closed, unknown and total; < <= > >= = !=
  free>0 in zone B              the same of one zone
  occupancy<90%                 occupied of all that are free, occupied or reserved
  slot A-12 is free             or: is not free
  camera cam-1 is not offline   online, late or offline

It is looked at again at every change, and goes on when the daemon was away. When the time is over first, the exit code is 10.

Examples:
  parkctl wait --for 'free>0 in zone B' --timeout 30s
  parkctl wait --for 'slot A-12 is free' && echo now
  parkctl wait --for 'camera cam-1 is online' --timeout 5m -o json";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to wait for
    #[arg(long = "for", value_name = "CONDITION")]
    condition: Condition,
    /// Longest wait, such as 30s, 5m or 2h [default: for ever]
    // The same id as the global option, which is about one answer and takes its place.
    #[arg(id = "timeout", long = "timeout", value_name = "SPAN", value_parser = times::seconds)]
    limit: Option<Duration>,
}

/// A wait that was worth it.
#[derive(Debug, Serialize)]
struct Met {
    condition: String,
    /// What met it.
    value: String,
    /// Of the log when it was met.
    seq: u64,
}

pub async fn run(app: &mut App, args: Args) -> Result<(), Error> {
    let deadline = args.limit.map(|limit| Instant::now() + limit);
    let mut last = None;
    let waiting = wait(app, &args.condition, &mut last);
    let met = match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, waiting).await.ok(),
        None => Some(waiting.await),
    };
    let Some(met) = met else {
        let was = last.map_or("nothing was heard of it".into(), |value| format!("it is {value}"));
        let what = format!("{} was not so in time: {was}", args.condition);
        return Err(Error::here(Exit::NotMet, "not_met", what).hint("give it longer with --timeout SPAN"));
    };
    let met = met?;
    match app.out.format {
        Format::Table => app.out.talk(&format!("{}: it is {}", met.condition, met.value)),
        _ => app.out.one(&met),
    }
}

async fn wait(app: &mut App, condition: &Condition, last: &mut Option<String>) -> Result<Met, Error> {
    let client = app.client()?;
    let mut follow = Follow::new(&client, None);
    let mut seen = Seen::default();
    let mut is_first = true;
    loop {
        let step = follow.next(&mut app.out).await?;
        seen.apply(step);
        match condition.judge(&seen) {
            Verdict::Met(value) => return Ok(Met { condition: condition.to_string(), value, seq: seen.seq }),
            Verdict::NotMet(value) => {
                if is_first {
                    app.out.talk(&format!("waiting until {condition}; it is {value}"))?;
                }
                *last = Some(value);
            }
            // A name that nothing bears would be waited for in vain; what is deleted later may come back.
            Verdict::Nothing(what) if is_first => {
                let what = format!("{what} in lot {}", client.lot());
                return Err(Error::here(Exit::NotFound, "nothing_to_wait_for", what).hint("is the name right?"));
            }
            Verdict::Nothing(_) => *last = Some("gone".into()),
        }
        is_first = false;
    }
}

/// What is known of a lot.
#[derive(Debug, Default)]
pub struct Seen {
    slots: HashMap<SlotId, Slot>,
    cameras: HashMap<CameraId, CameraStatus>,
    seq: u64,
}

impl Seen {
    #[cfg(test)]
    fn of(slots: Vec<Slot>, cameras: Vec<(CameraId, CameraStatus)>) -> Self {
        let slots = slots.into_iter().map(|slot| (slot.id, slot)).collect();
        Self { slots, cameras: cameras.into_iter().collect(), seq: 0 }
    }

    fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values()
    }

    fn slot(&self, name: &SlotRef) -> Option<&Slot> {
        match name {
            SlotRef::Id(id) => self.slots.get(id),
            SlotRef::Code(code) => self.slots.values().find(|slot| slot.code == *code),
        }
    }

    fn camera(&self, id: &CameraId) -> Option<CameraStatus> {
        self.cameras.get(id).copied()
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Snapshot(snapshot) => {
                self.slots = snapshot.slots.into_iter().map(|slot| (slot.id, slot)).collect();
                self.cameras = snapshot.cameras.into_iter().map(|camera| (camera.id, camera.status)).collect();
                self.seq = snapshot.seq;
            }
            Step::Lagged(lagged) => {
                self.slots.extend(lagged.slots.into_iter().map(|slot| (slot.id, slot)));
                lagged.deleted.iter().for_each(|id| drop(self.slots.remove(id)));
                self.cameras = lagged.cameras.into_iter().map(|camera| (camera.id, camera.status)).collect();
                self.seq = lagged.to;
            }
            Step::Event(event) => {
                self.seq = event.seq;
                self.change(event.change);
            }
        }
    }

    fn change(&mut self, change: EventChange) {
        match change {
            EventChange::SlotCreated { slot, .. } | EventChange::SlotChanged { slot, .. } => {
                self.slots.insert(slot.id, slot);
            }
            EventChange::SlotDeleted { slot, .. } => {
                self.slots.remove(&slot.id);
            }
            EventChange::CameraCreated { camera }
            | EventChange::CameraChanged { camera }
            | EventChange::CameraStatus { camera } => {
                self.cameras.insert(camera.id, camera.status);
            }
            EventChange::CameraDeleted { camera } => {
                self.cameras.remove(&camera.id);
            }
            _ => {}
        }
    }
}

impl Record for Met {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("condition", "/condition", Show::Text),
            Column::new("value", "/value", Show::Text),
            Column::new("seq", "/seq", Show::Number),
        ]
    }
}
