//! Tokens of all lots, as people name them.

use std::sync::Arc;

use parking_api::tokens::Token;
use parking_api::{Problem, ProblemCode, TokenId};

use super::{Error, Ledger, LotHandle};

/// Fewest characters of a prefix that name a token: one more than what all secrets begin with.
const PREFIX_CHARS_MIN: usize = 6;

impl Ledger {
    /// Every token, lot by lot.
    pub fn tokens(&self) -> Vec<Token> {
        self.lots().iter().flat_map(|lot| lot.read(|state| state.tokens().cloned().collect::<Vec<_>>())).collect()
    }

    /// The token that `name`, its id or as much of its prefix as is unique, stands for, and the lot that it is of.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn token_named(&self, name: &str) -> Result<(Arc<LotHandle>, TokenId), Error> {
        let refuse = |detail: String| Err(Problem::new(ProblemCode::TokenNotFound, detail).into());
        let too_short = || format!("{name:?} is too short to name a token: give its id or its prefix");
        let id: Option<TokenId> = name.parse().ok();
        let is_prefix = name.len() >= PREFIX_CHARS_MIN;
        let mut found = self.tokens();
        found.retain(|token| Some(token.id) == id || (is_prefix && token.prefix.starts_with(name)));
        match found.as_slice() {
            [token] => match self.lot(&token.lot) {
                Some(lot) => Ok((lot, token.id)),
                None => refuse(format!("the lot of token {name} is gone")),
            },
            [] if !is_prefix => Err(Problem::new(ProblemCode::InvalidField, too_short()).into()),
            [] => refuse(format!("there is no token {name}")),
            many => refuse(format!("{name} names {} tokens: give more of the prefix, or the id", many.len())),
        }
    }
}
