//! Times, ids and codes as they stand in paths, queries and files.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use parkd::auth::secret::redacted;
use parking_api::slots::{SlotKind, SlotState, Source};
use parking_api::{CameraId, LotId, SlotCode, SlotId, SlotRef, Time};

/// A word is refused with a reason, or written as something that is read as the same; a secret is never shown.
pub fn run(data: &[u8]) {
    let text = &*String::from_utf8_lossy(data);
    check::<Time>(text);
    check::<SlotId>(text);
    check::<SlotCode>(text);
    check::<SlotRef>(text);
    check::<LotId>(text);
    check::<CameraId>(text);
    check::<SlotState>(text);
    check::<SlotKind>(text);
    check::<Source>(text);
    let shown = redacted(text);
    assert_eq!(redacted(&shown), shown, "what is redacted holds no secret");
}

fn check<T: FromStr<Err = String> + Display + Debug + PartialEq>(text: &str) {
    match text.parse::<T>() {
        Ok(value) => assert_eq!(value.to_string().parse(), Ok(value), "{text:?}"),
        Err(reason) => assert!(!reason.is_empty()),
    }
}
