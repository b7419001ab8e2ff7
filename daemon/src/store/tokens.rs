//! Rows of tokens, with the hashes of their secrets.

use std::collections::HashMap;

use parking_api::tokens::Token;
use parking_api::{LotId, Time, TokenId};
use serde::Serialize;

use super::sql::{Dialect, sql};
use super::tables::{Columns, Table, json_rows};
use super::{Error, Result, Store};

#[derive(Debug, Serialize, sqlx::FromRow)]
pub(super) struct TokenRow {
    id: String,
    lot: String,
    name: String,
    role: String,
    camera: Option<String>,
    prefix: String,
    /// Empty where only the revocation of a token is written.
    hash: String,
    created_at_ms: i64,
    expires_at_ms: Option<i64>,
    revoked_at_ms: Option<i64>,
}

impl TokenRow {
    pub(super) fn new(token: &Token, hash: &str) -> Self {
        Self {
            id: token.id.to_string(),
            lot: token.lot.to_string(),
            name: token.name.clone(),
            role: token.role.to_string(),
            camera: token.camera.as_ref().map(ToString::to_string),
            prefix: token.prefix.clone(),
            hash: hash.to_string(),
            created_at_ms: token.created_at.ms(),
            expires_at_ms: token.expires_at.map(Time::ms),
            revoked_at_ms: token.revoked_at.map(Time::ms),
        }
    }
}

impl TryFrom<TokenRow> for Token {
    type Error = Error;

    fn try_from(row: TokenRow) -> Result<Self> {
        let bad = |what: String| Error::corrupt("tokens", format!("row {}: {what}", row.id));
        Ok(Self {
            id: row.id.parse().map_err(bad)?,
            role: row.role.parse().map_err(bad)?,
            camera: row.camera.as_deref().map(str::parse).transpose().map_err(bad)?,
            lot: row.lot.parse().map_err(bad)?,
            created_at: Time::from_ms(row.created_at_ms),
            expires_at: row.expires_at_ms.map(Time::from_ms),
            revoked_at: row.revoked_at_ms.map(Time::from_ms),
            name: row.name,
            prefix: row.prefix,
            used_at: None,
        })
    }
}

// A token is inserted with its hash; afterwards only its revocation can change. Its lot is the one that is written.
pub(super) const TABLE: Table = Table {
    name: "tokens",
    columns: &[
        ("id", "text"),
        ("name", "text"),
        ("role", "text"),
        ("camera", "text"),
        ("prefix", "text"),
        ("hash", "text"),
        ("created_at_ms", "bigint"),
        ("expires_at_ms", "bigint"),
        ("revoked_at_ms", "bigint"),
    ],
    updated: &[],
};

const REVOKED: &Columns = &[("id", "text"), ("revoked_at_ms", "bigint")];

pub(super) fn revoke(dialect: Dialect, n: usize, condition: &str) -> String {
    let rows = dialect.rows(n, REVOKED);
    format!(
        "update tokens set revoked_at_ms = r.revoked_at_ms from {rows} where tokens.lot = $1 and tokens.id = r.id and {condition}"
    )
}

const ALL: &str =
    "select * from tokens where lot in (select id from lots where deleted_at_ms is null) order by lot, id";

/// The hash of a token's secret, and which token that is.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Secret {
    pub hash: String,
    pub id: String,
}

impl Store {
    /// Hashes of all tokens of a lot.
    pub async fn secrets(&self, lot: &LotId) -> Result<Vec<Secret>> {
        sql("select hash, id from tokens where lot = $1").bind(lot.as_str()).all(&self.readers).await
    }

    /// Every token, lot by lot, with its last use as far as that was written.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        let rows: Vec<TokenRow> = sql(ALL).all(&self.readers).await?;
        let uses: HashMap<TokenId, Time> = self.token_uses().await?.into_iter().collect();
        let tokens = rows.into_iter().map(Token::try_from);
        tokens.map(|token| token.map(|token| Token { used_at: uses.get(&token.id).copied(), ..token })).collect()
    }

    /// When each token was last used, as far as that was written.
    pub async fn token_uses(&self) -> Result<Vec<(TokenId, Time)>> {
        let rows: Vec<(String, i64)> = sql("select token, used_at_ms from token_uses").all(&self.readers).await?;
        rows.into_iter()
            .map(|(id, ms)| Ok((id.parse().map_err(|e| Error::corrupt("token_uses", e))?, Time::from_ms(ms))))
            .collect()
    }

    pub async fn put_token_uses(&self, uses: &[(TokenId, Time)]) -> Result<()> {
        let rows = uses.iter().map(|(id, at)| serde_json::json!({"token": id, "used_at_ms": at.ms()}));
        let source = self.writer.dialect().rows(1, USES);
        let query = sql(format!(
            "insert into token_uses (token, used_at_ms) select token, used_at_ms from {source} where true
             on conflict (token) do update set used_at_ms = excluded.used_at_ms
             where excluded.used_at_ms > token_uses.used_at_ms"
        ));
        query.bind(json_rows(rows)?).execute(&self.writer).await?;
        Ok(())
    }
}

const USES: &Columns = &[("token", "text"), ("used_at_ms", "bigint")];
