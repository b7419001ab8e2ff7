//! Every input that fuzzing found is put in again: what once reached a place that nothing else reached, or broke something.

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

use std::path::Path;

/// Fewer are left only when the folder was lost.
const INPUTS_MIN: usize = 20;

#[test]
fn what_fuzzing_found_breaks_nothing() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let mut count = 0;
    for (name, target) in targets::ALL {
        let folder = std::fs::read_dir(corpus.join(name)).unwrap_or_else(|e| panic!("corpus of {name}: {e}"));
        let mut inputs: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
        inputs.sort();
        for input in inputs {
            let bytes = std::fs::read(&input).expect("an input");
            // The test runner shows it when the target panics.
            eprintln!("{}", input.display());
            target(&bytes);
            count += 1;
        }
    }
    assert!(count >= INPUTS_MIN, "only {count} inputs were found");
}
