//! What is fuzzed: inputs that strangers send, against what must always hold. Each target takes any bytes and panics when something does
//! not. The same functions run under libFuzzer (`make fuzz`) and, on the corpus that was found, in every run of the tests.

mod cable;
mod command;
mod form;
mod frames;
mod picture;
mod plan;
mod request;
mod words;
mod world;

/// One target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is also that of its folder below `corpus`.
pub const ALL: [(&str, Target); 8] = [
    ("cable", cable::run),
    ("command", command::run),
    ("form", form::run),
    ("frames", frames::run),
    ("picture", picture::run),
    ("plan", plan::run),
    ("request", request::run),
    ("words", words::run),
];
