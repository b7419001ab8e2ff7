//! Calls about tokens and about who the caller is.

use reqwest::Method;

use super::http::segment;
use super::{Client, Error};
use crate::tokens::{Identity, NewToken, Token, TokenCreated};
use crate::{Committed, paths};

impl Client {
    pub async fn tokens(&self) -> Result<Vec<Token>, Error> {
        self.call_lot(Method::GET, paths::TOKENS).fetch().await
    }

    /// The answer holds the secret, this once.
    pub async fn token_create(&self, token: &NewToken) -> Result<Committed<TokenCreated>, Error> {
        self.call_lot(Method::POST, paths::TOKENS).json(token).fetch().await
    }

    pub async fn token_revoke(&self, id_or_prefix: &str) -> Result<Committed<Token>, Error> {
        let path = paths::fill(paths::TOKEN, segment(id_or_prefix)?);
        self.call_lot(Method::DELETE, &path).fetch().await
    }

    /// Whom the token of this client stands for.
    pub async fn identity(&self) -> Result<Identity, Error> {
        self.call(Method::GET, paths::LOGIN).fetch().await
    }
}
