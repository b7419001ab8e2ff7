//! Waiting for a condition: often asked, and not for ever.

use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(20);
/// A debug build on a busy machine is slow.
const LIMIT: Duration = Duration::from_secs(60);

/// Asks until there is an answer; `what` is said when there never is one.
pub fn until<T>(what: impl Fn() -> String, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {}", what());
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "between two looks at the same condition")]
fn pause() {
    std::thread::sleep(STEP);
}
