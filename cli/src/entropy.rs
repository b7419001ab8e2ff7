//! The one place that asks the operating system for randomness.

use std::hash::{BuildHasher, RandomState};

/// Random bytes that nobody can guess: for what secrets are made of.
///
/// # Panics
/// When the system gives none, as the standard library does when it needs some.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A fresh idempotency key: 128 bits, so that two commands never share one. The standard library asks the system for the
/// keys of its hashes, and no two of them are alike.
pub fn key() -> String {
    let [high, low] = [RandomState::new(), RandomState::new()].map(|state| state.hash_one(KEYED));
    format!("parkctl-{high:016x}{low:016x}")
}

/// What is hashed says nothing; what it is hashed with does.
const KEYED: u8 = 0;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_keys_are_alike_nor_any_two_halves_of_them() {
        let keys: Vec<String> = (0..1_000).map(|_| key()).collect();
        assert!(keys.iter().all(|key| key.len() == "parkctl-".len() + 32), "{}", keys[0]);
        let halves: BTreeSet<&str> = keys.iter().flat_map(|key| [&key[8..24], &key[24..]]).collect();
        assert_eq!(halves.len(), 2_000);
    }
}
