//! Frames of the live protocol as a client reads them: each line is one, over as many connections as it takes.

use parking_api::client::live::{LiveMessage, replay};
use parking_api::live::{Cursor, Frame};

/// Whatever a server says, a client that listens moves forwards only, one event at a time.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for line in text.lines() {
        if let Ok(frame) = serde_json::from_str::<Frame>(line) {
            let again = serde_json::to_string(&frame).expect("a frame is JSON");
            assert_eq!(serde_json::from_str::<Frame>(&again).expect("a frame that was written can be read"), frame);
        }
    }
    // The first line may say where the client stands.
    let start: Option<Cursor> = text.lines().next().and_then(|line| serde_json::from_str(line).ok());
    let mut place = start.clone();
    for (message, after) in replay(&"main".parse().expect("a lot id"), start, text.lines()) {
        let before = place.as_ref().map(|place| place.seq);
        match &message {
            LiveMessage::Snapshot(snapshot) => {
                assert_eq!(after.as_ref().map(|after| after.seq), Some(snapshot.seq));
            }
            LiveMessage::Event(event) => assert_eq!(before.and_then(|seq| seq.checked_add(1)), Some(event.seq)),
            LiveMessage::Skipped { seq, .. } => assert_eq!(before.and_then(|seq| seq.checked_add(1)), Some(*seq)),
            LiveMessage::Lagged(lagged) => {
                assert_eq!(before, Some(lagged.from));
                assert_eq!(after.as_ref().map(|after| after.seq), Some(lagged.to));
            }
            LiveMessage::State(_)
            | LiveMessage::Greeted { .. }
            | LiveMessage::Degraded(_)
            | LiveMessage::Heartbeat { .. } => {
                assert_eq!(after, place, "only what changes the lot moves the cursor");
            }
            LiveMessage::Ended(_) => break,
        }
        place = after;
    }
}
