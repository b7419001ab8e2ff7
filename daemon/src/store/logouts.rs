//! Logins that ended before their time: few, and kept only until the login would have ended anyway.

use parking_api::Time;
use uuid::Uuid;

use super::sql::sql;
use super::{Error, Result, Store};

/// What the keys of these facts begin with.
const KEY: &str = "logout.";

impl Store {
    pub async fn put_logout(&self, login: Uuid, expires_at: Time) -> Result<()> {
        let query = sql("insert into meta (key, value) values ($1, $2) on conflict (key) do nothing");
        query.bind(format!("{KEY}{login}")).bind(expires_at.ms().to_string()).execute(&self.writer).await?;
        Ok(())
    }

    /// All of them, with the time when each would have ended anyway.
    pub async fn logouts(&self) -> Result<Vec<(Uuid, Time)>> {
        let query = sql("select key, value from meta where key like $1").bind(format!("{KEY}%"));
        let rows: Vec<(String, String)> = query.all(&self.readers).await?;
        rows.into_iter()
            .map(|(key, ms)| {
                let login = Uuid::parse_str(key.trim_start_matches(KEY)).map_err(|e| Error::corrupt("meta", e))?;
                Ok((login, Time::from_ms(ms.parse().map_err(|e| Error::corrupt("meta", e))?)))
            })
            .collect()
    }

    pub async fn forget_logout(&self, login: Uuid) -> Result<()> {
        sql("delete from meta where key = $1").bind(format!("{KEY}{login}")).execute(&self.writer).await?;
        Ok(())
    }
}
