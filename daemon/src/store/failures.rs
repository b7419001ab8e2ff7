//! Failed logins, counted by all daemons of one database together: one small row for each address and token that somebody failed with lately.

use std::time::Duration;

use parking_api::Time;

use super::sql::sql;
use super::{Result, Store};

// Each failure puts off by `$3` the time until which there were too many, from now at the earliest; not when that is more than `$4` away.
const COUNT: &str = "insert into login_failures (who, until_ms) values ($1, $2 + $3)
 on conflict (who) do update set
   until_ms = case when login_failures.until_ms > $2 then login_failures.until_ms else $2 end + $3
 where login_failures.until_ms <= $2 + $4";

impl Store {
    /// Counts a failure of `who`; `false` when there were `burst` of them already, of which one is forgiven every `refill`.
    pub async fn count_failure(&self, who: &str, now: Time, refill: Duration, burst: u32) -> Result<bool> {
        let refill_ms = refill.as_millis() as i64;
        let query = sql(COUNT).bind(who).bind(now.ms()).bind(refill_ms).bind(refill_ms * i64::from(burst - 1));
        Ok(query.execute(&self.writer).await? > 0)
    }

    /// Forgets failures that count no more.
    pub async fn forget_failures(&self, now: Time) -> Result<()> {
        sql("delete from login_failures where until_ms < $1").bind(now.ms()).execute(&self.writer).await?;
        Ok(())
    }
}
