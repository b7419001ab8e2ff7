//! Takes the terminal and panics twice on threads beside: once in work that is spared, which nobody notices, then in another. What the terminal
//! is left as is for a test to see.

use parktui::terminal::{Screen, spared};

fn main() {
    let screen = Screen::take(true).expect("a terminal");
    let spared = std::thread::spawn(|| spared(|| panic!("a fault in a picture")));
    assert!(spared.join().is_err());
    let beside = std::thread::spawn(|| panic!("a fault in a task"));
    // The panic ends the process, so this never comes back.
    let _ = beside.join();
    drop(screen);
}
