//! Runs one target, the one that `FUZZ_TARGET` names, under libFuzzer. Knows nothing of what the targets check.

#![no_main]

mod targets;

use std::sync::LazyLock;

static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let found = targets::ALL.iter().find(|(known, _)| *known == name);
    let names = targets::ALL.map(|(known, _)| known).join(", ");
    found.unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}; the targets are {names}")).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
