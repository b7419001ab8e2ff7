//! The one place that asks the operating system for randomness.

use crate::error::Error;

/// 128 bits: two commands never share a key.
const KEY_BYTES: usize = 16;

/// A fresh idempotency key.
pub fn key() -> Result<String, Error> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::failed("no_randomness", format!("the system gave no random bytes: {error}")))?;
    Ok(bytes.iter().fold(String::from("parkctl-"), |key, byte| format!("{key}{byte:02x}")))
}
