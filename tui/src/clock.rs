//! The one place that reads the clock of the machine.

use parking_api::Time;

#[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is passed")]
pub fn now() -> Time {
    jiff::Timestamp::now().into()
}
