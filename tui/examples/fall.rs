//! Takes the terminal and panics on a thread beside: what the terminal is left as is for a test to see.

use parktui::terminal::Screen;

fn main() {
    let screen = Screen::take(true).expect("a terminal");
    let beside = std::thread::spawn(|| panic!("a fault in a task"));
    // The panic ends the process, so this never comes back.
    let _ = beside.join();
    drop(screen);
}
