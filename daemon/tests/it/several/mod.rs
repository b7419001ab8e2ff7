//! Several daemons on one PostgreSQL: what one does, all know, and no rule of one lot holds at only one of them.

mod news;
mod rules;

use parking_api::client::Client;

use crate::harness::Parkd;
use crate::postgres;

/// Two daemons on one database, each with a folder of its own.
pub struct Pair {
    pub url: String,
    pub one: Parkd,
    pub other: Parkd,
}

impl Pair {
    pub fn new() -> Self {
        Self::with(&[])
    }

    pub fn with(args: &[&str]) -> Self {
        let url = postgres::database();
        let one = Parkd::start_at(&url, args);
        let other = Parkd::start_at(&url, args);
        Self { url, one, other }
    }

    /// An admin at each of them.
    pub fn admins(&self) -> [Client; 2] {
        // The first that started made the token, and left it in its folder.
        let token = self.one.admin_token();
        [self.one.client_with(Some(token.clone())), self.other.client_with(Some(token))]
    }
}
