//! Secrets of tokens: made, hashed, derived. Never logged, never stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use parking_api::digits::digits_of;
use parking_api::tokens::{Role, Token};
use parking_api::{CameraId, LotId, Time, TokenId};
use sha2::{Digest, Sha256};

use crate::clock::{new_id, random_256};
use crate::ledger::NewSecret;

/// What every secret begins with, so that people and scanners know one when they see it.
const SCHEME: &str = "park_";
/// Characters of a secret that are shown afterwards, the scheme included.
const PREFIX_CHARS: usize = SCHEME.len() + 8;

/// A new secret: 256 bits from the system's generator.
///
/// # Errors
/// When the system has no randomness to give.
pub fn new() -> std::io::Result<String> {
    Ok(spell(&random_256()?))
}

/// The secret that `key` and `request` always come to: a repeated request is shown the same secret, which is stored nowhere.
pub fn derived(key: &str, request: &str) -> String {
    spell(&mac(key.as_bytes(), &["token", request]))
}

fn spell(bytes: &[u8; 32]) -> String {
    format!("{SCHEME}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// What of a secret may be shown, if it has the form of one.
pub fn prefix(secret: &str) -> Option<&str> {
    secret.get(..PREFIX_CHARS).filter(|prefix| prefix.starts_with(SCHEME))
}

/// SHA-256. Enough for a secret of 256 random bits, which nobody can guess by trying.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}

/// The text with every secret in it cut to its prefix. People put secrets where none belong, and what they wrote is logged.
pub fn redacted(text: &str) -> String {
    let mut parts = text.split(SCHEME);
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let secret_len = part.bytes().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')).count();
        let shown = secret_len.min(PREFIX_CHARS - SCHEME.len());
        let cut = if secret_len > shown { "…" } else { "" };
        out.extend([SCHEME, &part[..shown], cut, &part[secret_len..]]);
    }
    out
}

/// HMAC-SHA256 over the parts, each with its length before it.
pub(super) fn mac(key: &[u8], parts: &[&str]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// Who a new token is for.
#[derive(Debug)]
pub struct Grant {
    pub name: String,
    pub role: Role,
    pub lot: LotId,
    pub camera: Option<CameraId>,
    pub expires_at: Option<Time>,
}

/// The record of a token with this secret.
pub fn record(grant: Grant, secret: &str, now: Time) -> NewSecret {
    NewSecret {
        token: Token {
            id: TokenId(new_id()),
            name: grant.name,
            role: grant.role,
            camera: grant.camera,
            lot: grant.lot,
            prefix: secret.chars().take(PREFIX_CHARS).collect(),
            created_at: now,
            expires_at: grant.expires_at,
            revoked_at: None,
            used_at: None,
        },
        hash: digits_of(&hash(secret)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_cut_to_its_prefix_wherever_it_stands() {
        let secret = spell(&[7; 32]);
        let prefix = &secret[..PREFIX_CHARS];
        assert_eq!(redacted(&format!("/api/tokens/{secret}")), format!("/api/tokens/{prefix}…"));
        assert_eq!(redacted(&format!("\"{secret}\", {secret}.")), format!("\"{prefix}…\", {prefix}…."));
        assert_eq!(redacted(prefix), prefix);
        for harmless in ["", "/api/slots/A-1", "park_", "a park_ ä"] {
            assert_eq!(redacted(harmless), harmless);
        }
    }
}
