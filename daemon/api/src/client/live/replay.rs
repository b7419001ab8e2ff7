//! Frames that were recorded, told again: what a client that follows a lot makes of them. Pure: no socket, no clock, no wait.

use super::LiveMessage;
use super::machine::{Delivery, Interrupted, Machine, Place};
use crate::LotId;
use crate::live::{Cursor, Frame};

/// What a client of `lot` that stands at `start` is told by `frames`, each as its text, and where it stands after each message.
///
/// Where a frame would end the connection, the next one is the first of another.
pub fn replay<'a>(
    lot: &LotId,
    start: Option<Cursor>,
    frames: impl IntoIterator<Item = &'a str>,
) -> Vec<(LiveMessage, Option<Cursor>)> {
    let mut machine = Machine::new(lot.clone(), start.clone());
    machine.open();
    let mut place = start;
    let mut told = Vec::new();
    let mut out = Vec::new();
    for text in frames {
        let stepped = match serde_json::from_str::<Frame>(text) {
            Ok(frame) => machine.step(frame, &mut out),
            Err(error) => Err(machine.fault(error.to_string())),
        };
        for Delivery { message, place: after } in out.drain(..) {
            place = after.map(|Place { epoch, seq }| Cursor { epoch: epoch.to_string(), seq }).or(place);
            told.push((message, place.clone()));
        }
        match stepped {
            Ok(()) => {}
            Err(Interrupted::Retry { .. }) => {
                machine.open();
            }
            Err(Interrupted::End(error)) => {
                told.push((LiveMessage::Ended(error), place.clone()));
                break;
            }
        }
    }
    told
}
