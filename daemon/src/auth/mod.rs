//! Who is asking: tokens by header, cookies for browsers, and how often each may ask. Knows nothing of axum.

mod cookies;
mod limits;
mod logouts;
pub mod secret;

pub use cookies::{COOKIE, Cookies};
use cookies::{LOGIN_MS, Login, RENEW_MS};
pub use limits::{Limits, Rates};
use logouts::Logouts;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parking_api::events::Actor;
use parking_api::tokens::{Role, Token};
use parking_api::{Problem, ProblemCode, Time, TokenId};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock::{Clock, new_id};
use crate::ledger::{Audience, Ledger, Origin};

/// How often the times of last use are written.
const USES_WRITE: Duration = Duration::from_secs(60);

/// A caller whose token was found valid.
#[derive(Debug, Clone)]
pub struct Caller {
    pub token: Token,
    /// For mutations of a caller that a cookie identified.
    pub csrf_token: Option<String>,
    /// The login that the cookie is of.
    login: Option<Uuid>,
    /// When the cookie or the token is over by itself.
    expires_at: Option<Time>,
    /// Where the request came from, where that is known.
    address: Option<IpAddr>,
}

impl Caller {
    pub fn role(&self) -> Role {
        self.token.role
    }

    /// The same caller, whose request came from `address`.
    #[must_use]
    pub fn at(self, address: IpAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// As events name this caller.
    pub fn origin(&self) -> Origin {
        let actor = match &self.token.camera {
            Some(camera) => Actor::camera(camera.as_str()),
            None => Actor::token(&self.token.name),
        };
        Origin { actor, address: self.address }
    }

    pub fn audience(&self) -> Option<Audience> {
        Audience::of(Some(self.token.role))
    }
}

/// Knows all callers. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Auth {
    ledger: Ledger,
    clock: Arc<dyn Clock>,
    cookies: Arc<Cookies>,
    logouts: Arc<Logouts>,
    /// What derived secrets come from.
    key: Arc<str>,
    uses: Arc<Mutex<Uses>>,
}

#[derive(Debug, Default)]
struct Uses {
    at: HashMap<TokenId, Time>,
    unwritten: HashMap<TokenId, Time>,
}

impl Auth {
    /// # Errors
    /// When the database cannot be read.
    pub async fn load(ledger: Ledger, clock: Arc<dyn Clock>) -> Result<Self, crate::store::Error> {
        let fresh = secret::new().map_err(|e| crate::store::Error::Unavailable(e.to_string()))?;
        let key = ledger.store().meta("secret_key", || fresh).await?;
        let at = ledger.store().token_uses().await?.into_iter().collect();
        let uses = Arc::new(Mutex::new(Uses { at, unwritten: HashMap::new() }));
        let logouts = Arc::new(Logouts::new(ledger.store().logouts().await?));
        Ok(Self { ledger, clock, cookies: Arc::new(Cookies::new(key.as_bytes())), logouts, key: key.into(), uses })
    }

    pub fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    /// A cookie for this caller's browser, and how long it lasts, in seconds.
    pub fn login(&self, caller: &Caller) -> (String, i64) {
        let now = self.clock.now();
        let latest = now.plus_ms(LOGIN_MS);
        let expires_at = caller.token.expires_at.map_or(latest, |expires| expires.min(latest));
        // A login that is renewed stays the same one: ended once, it is ended everywhere.
        let id = caller.login.unwrap_or_else(new_id);
        let login = Login { lot: caller.token.lot.clone(), token: caller.token.id, id, expires_at };
        (self.cookies.write(&login), expires_at.ms_since(now) / 1000)
    }

    /// Whether the cookie of this caller would last noticeably longer if it were written anew.
    pub fn is_due(&self, caller: &Caller) -> bool {
        let Some(expires_at) = caller.expires_at.filter(|_| caller.login.is_some()) else { return false };
        let due = self.clock.now().plus_ms(LOGIN_MS - RENEW_MS);
        expires_at < due && caller.token.expires_at.is_none_or(|of_token| expires_at < of_token)
    }

    /// The secret that this request always comes to.
    pub fn derived_secret(&self, request: &str) -> String {
        secret::derived(&self.key, request)
    }

    /// The caller that this secret belongs to.
    ///
    /// # Errors
    /// When no token has it, or that token is expired or revoked.
    pub fn by_secret(&self, secret: &str) -> Result<Caller, Problem> {
        let token = self.ledger.token_by_hash(&secret::hash(secret));
        let token = self.valid(token.ok_or_else(|| unauthenticated("the token is not known here"))?)?;
        let expires_at = token.expires_at;
        Ok(Caller { token, csrf_token: None, login: None, expires_at, address: None })
    }

    /// Counts a secret that belongs to no token that is valid.
    ///
    /// # Errors
    /// When there were too many lately.
    pub async fn count_failure(&self, limits: &Limits, secret: &str, address: IpAddr) -> Result<(), Problem> {
        // Who has the secret of a token that is over guesses at nothing, nor does who begins like no token that there is.
        let is_guess = self.ledger.token_by_hash(&secret::hash(secret)).is_none();
        let prefix = secret::prefix(secret)
            .filter(|prefix| is_guess && self.ledger.tokens().iter().any(|token| token.prefix == *prefix));
        limits.failed_login(address, prefix, self.ledger.store(), self.clock.now()).await
    }

    /// The caller whose browser was given this cookie.
    ///
    /// # Errors
    /// When the cookie was not made here, is expired, or its token is no longer valid.
    pub fn by_cookie(&self, cookie: &str) -> Result<Caller, Problem> {
        let login = self
            .cookies
            .read(cookie, self.clock.now())
            .filter(|login| !self.logouts.has(login.id))
            .ok_or_else(|| unauthenticated("the login is not valid any more: log in again"))?;
        let token = self.ledger.token(&login.lot, login.token);
        let token = self.valid(token.ok_or_else(|| unauthenticated("the token of this login is gone"))?)?;
        let csrf_token = Some(self.cookies.csrf_token(login.id));
        Ok(Caller { token, csrf_token, login: Some(login.id), expires_at: Some(login.expires_at), address: None })
    }

    /// Whether a caller who was let in once still would be.
    pub fn is_valid(&self, caller: &Caller) -> bool {
        let token = self.ledger.token(&caller.token.lot, caller.token.id);
        let has_logged_out = caller.login.is_some_and(|login| self.logouts.has(login));
        let is_over = caller.expires_at.is_some_and(|at| at <= self.clock.now());
        !has_logged_out && !is_over && token.is_some_and(|token| self.valid(token).is_ok())
    }

    /// Whether only the cookie of this caller is over, so that a newer one of the same browser may let it in again.
    pub fn is_only_cookie_over(&self, caller: &Caller) -> bool {
        let ended = caller.login.is_none_or(|login| self.logouts.has(login));
        let token = self.ledger.token(&caller.token.lot, caller.token.id);
        !ended && token.is_some_and(|token| self.valid(token).is_ok())
    }

    /// Waits until what let this caller in is over by itself, if it ever is.
    pub async fn over(&self, caller: Option<&Caller>) {
        match caller.and_then(|caller| caller.expires_at) {
            Some(at) => {
                let rest_ms = at.ms_since(self.clock.now()).max(0).unsigned_abs();
                tokio::time::sleep(Duration::from_millis(rest_ms)).await;
            }
            None => std::future::pending().await,
        }
    }

    fn valid(&self, token: Token) -> Result<Token, Problem> {
        let now = self.clock.now();
        if token.revoked_at.is_some() {
            return Err(unauthenticated(&format!("token {} was revoked", token.prefix)));
        }
        if token.expires_at.is_some_and(|expires| expires <= now) {
            return Err(unauthenticated(&format!("token {} has expired", token.prefix)));
        }
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = Time::from_ms(now.ms() - now.ms().rem_euclid(60_000));
        if uses.at.insert(token.id, minute) != Some(minute) {
            uses.unwritten.insert(token.id, minute);
        }
        Ok(token)
    }

    /// The token with the time of its last use.
    pub fn join(&self, mut token: Token) -> Token {
        token.used_at = self.uses.lock().unwrap_or_else(PoisonError::into_inner).at.get(&token.id).copied();
        token
    }

    /// Writes times of last use until `stop`, and once more then.
    pub async fn write_uses(self, stop: CancellationToken) {
        let mut tick = tokio::time::interval(USES_WRITE);
        loop {
            let goes_on = stop.run_until_cancelled(tick.tick()).await.is_some();
            let unwritten: Vec<_> = {
                let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
                uses.unwritten.drain().collect()
            };
            if !unwritten.is_empty()
                && let Err(error) = self.ledger.store().put_token_uses(&unwritten).await
            {
                tracing::warn!(%error, "cannot write when tokens were last used");
                let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
                for (id, at) in unwritten {
                    uses.unwritten.entry(id).or_insert(at);
                }
            }
            if !goes_on {
                return;
            }
        }
    }
}

fn unauthenticated(detail: &str) -> Problem {
    Problem::new(ProblemCode::Unauthenticated, detail)
}

#[cfg(test)]
mod tests {
    use parking_api::LotId;
    use tempfile::TempDir;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::ledger::Command;
    use crate::store::{Store, embedded_url};

    /// A clock that is moved by hand.
    #[derive(Debug)]
    struct HandClock(Mutex<Time>);

    impl Clock for HandClock {
        fn now(&self) -> Time {
            *self.0.lock().expect("nobody else")
        }
    }

    struct World {
        auth: Auth,
        clock: Arc<HandClock>,
        _folder: TempDir,
    }

    impl World {
        async fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let clock = Arc::new(HandClock(Mutex::new(Time::from_ms(1_000_000))));
            let store = Store::open(&embedded_url(folder.path()), 1).await.expect("a database");
            let ledger = Ledger::open(store, clock.clone(), TaskTracker::new()).await.expect("a ledger");
            Self { auth: Auth::load(ledger, clock.clone()).await.expect("auth"), clock, _folder: folder }
        }

        fn wait(&self, ms: i64) {
            let mut now = self.clock.0.lock().expect("nobody else");
            *now = now.plus_ms(ms);
        }

        /// Somebody with a new token that is over after so long.
        async fn caller(&self, secret: &str, valid_ms: Option<i64>) -> Caller {
            let now = self.clock.now();
            let expires_at = valid_ms.map(|ms| now.plus_ms(ms));
            let grant = secret::Grant {
                name: secret.into(),
                role: Role::Viewer,
                lot: LotId::default(),
                camera: None,
                expires_at,
            };
            let command = Command::CreateToken(Box::new(secret::record(grant, secret, now)));
            let main = self.auth.ledger.lot(&LotId::default()).expect("the lot main");
            main.submit(command, Actor::system("test"), None).await.expect("a token");
            self.auth.by_secret(secret).expect("it is known")
        }
    }

    #[tokio::test]
    async fn a_login_that_is_used_goes_on_and_one_that_is_not_is_over() {
        let world = World::new().await;
        let auth = &world.auth;
        let (cookie, _) = auth.login(&world.caller("park_wall", None).await);
        let mut browser = auth.by_cookie(&cookie).expect("it is valid");
        let first = browser.clone();
        for _ in 0..30 {
            assert!(!auth.is_due(&browser), "it was renewed just now");
            world.wait(RENEW_MS + 1);
            assert!(auth.is_due(&browser) && auth.is_valid(&browser));
            browser = auth.by_cookie(&auth.login(&browser).0).expect("it is valid");
        }
        assert_eq!(browser.csrf_token, first.csrf_token, "other pages of the browser go on as well");
        assert!(!auth.is_valid(&first) && auth.is_only_cookie_over(&first), "its first cookie is long over");
        world.wait(LOGIN_MS);
        assert!(!auth.is_valid(&browser));
        auth.by_cookie(&cookie).expect_err("nor does it let anybody in");
    }

    #[tokio::test]
    async fn a_login_is_not_renewed_beyond_its_token_nor_after_its_end() {
        let world = World::new().await;
        let auth = &world.auth;
        let guest = world.caller("park_guest", Some(LOGIN_MS + RENEW_MS)).await;
        assert!(!auth.is_due(&guest), "a token has no cookie to renew");
        let browser = auth.by_cookie(&auth.login(&guest).0).expect("it is valid");
        world.wait(2 * RENEW_MS);
        assert!(auth.is_due(&browser));
        let (renewed, lasts_s) = auth.login(&browser);
        assert_eq!(lasts_s * 1_000, LOGIN_MS - RENEW_MS, "as long as the token, and no longer");
        let renewed = auth.by_cookie(&renewed).expect("it is valid");
        assert!(!auth.is_due(&renewed));
        auth.log_out(&renewed).await.expect("it is ended");
        assert!(!auth.is_valid(&browser) && !auth.is_only_cookie_over(&browser), "with the cookies from before");
        world.wait(LOGIN_MS);
        assert!(!auth.is_valid(&guest));
    }
}
