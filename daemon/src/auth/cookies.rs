//! Login cookies of browsers: signed, so that nothing need be stored until one is ended, and any daemon on the same database can read them.

use parking_api::digits::digits_of;
use parking_api::{LotId, Time, TokenId};
use uuid::Uuid;

use super::secret::mac;

/// Name of the cookie.
pub const COOKIE: &str = "parking_login";
/// How long a login lasts after it was last used, in milliseconds.
pub const LOGIN_MS: i64 = 12 * 60 * 60 * 1000;
/// A login that is used is renewed once it is this old, in milliseconds.
pub const RENEW_MS: i64 = 60 * 60 * 1000;

/// Makes and reads cookies.
#[derive(Debug)]
pub struct Cookies {
    key: Vec<u8>,
}

/// What a cookie says.
#[derive(Debug, PartialEq, Eq)]
pub struct Login {
    /// Of its own, so that it can be ended by itself.
    pub id: Uuid,
    pub lot: LotId,
    pub token: TokenId,
    pub expires_at: Time,
}

impl Cookies {
    pub fn new(key: &[u8]) -> Self {
        Self { key: key.to_vec() }
    }

    /// The value of the cookie for this login.
    pub fn write(&self, login: &Login) -> String {
        let said = format!("{}.{}.{}.{}", login.lot, login.token, login.id, login.expires_at.ms());
        format!("{said}.{}", self.sign("login", &said))
    }

    /// What the cookie says, if it was made here and has not expired.
    pub fn read(&self, cookie: &str, now: Time) -> Option<Login> {
        let (said, signature) = cookie.rsplit_once('.')?;
        if !is_same(signature, &self.sign("login", said)) {
            return None;
        }
        let mut parts = said.split('.');
        let login = Login {
            lot: parts.next()?.parse().ok()?,
            token: parts.next()?.parse().ok()?,
            id: parts.next()?.parse().ok()?,
            expires_at: Time::from_ms(parts.next()?.parse().ok()?),
        };
        (login.expires_at > now).then_some(login)
    }

    /// What must come back in a header with every mutation that a cookie of this login authorises: another site cannot know it. It stays
    /// the same when the cookie is renewed, since other pages of the same browser hold it.
    pub fn csrf_token(&self, login: Uuid) -> String {
        self.sign("csrf", &login.to_string())
    }

    /// Compares without telling by its duration where two texts differ.
    pub fn is_csrf_token(&self, cookie_token: &str, given: &str) -> bool {
        is_same(cookie_token, given)
    }

    fn sign(&self, purpose: &str, said: &str) -> String {
        digits_of(&mac(&self.key, &[purpose, said]))
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |difference, (x, y)| difference | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(expires_ms: i64) -> Login {
        Login {
            lot: "main".parse().expect("a lot id"),
            token: "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12".parse().expect("a token id"),
            id: Uuid::from_u128(7),
            expires_at: Time::from_ms(expires_ms),
        }
    }

    #[test]
    fn a_cookie_is_read_back_until_it_expires() {
        let cookies = Cookies::new(b"key");
        let cookie = cookies.write(&login(1_000));
        assert_eq!(cookies.read(&cookie, Time::from_ms(999)), Some(login(1_000)));
        assert_eq!(cookies.read(&cookie, Time::from_ms(1_000)), None);
    }

    #[test]
    fn a_cookie_that_was_changed_or_signed_elsewhere_says_nothing() {
        let cookies = Cookies::new(b"key");
        let cookie = cookies.write(&login(1_000));
        let now = Time::from_ms(0);
        assert_eq!(Cookies::new(b"other").read(&cookie, now), None);
        assert_eq!(cookies.read(&cookie.replace("1000", "2000"), now), None);
        assert_eq!(cookies.read("", now), None);
        assert_eq!(cookies.read(&format!("{cookie}0"), now), None);
    }
}
