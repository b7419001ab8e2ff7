//! A database that somebody else wrote to: noticed while the daemon runs, and refused where it cannot be read.

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::Target;
use crate::hand::new_slot;
use crate::harness::{Database, Parkd, on_both, wait_for};

on_both!(what_is_not_the_fold_of_the_log_is_noticed_and_told, what_cannot_be_read_is_not_started_on);

/// Writes past the daemon.
async fn tamper(url: &str, text: &str) {
    let text = AssertSqlSafe(text);
    if url.starts_with("postgres") {
        let mut database = PgConnection::connect(url).await.expect("the database");
        sqlx::query(text).execute(&mut database).await.expect("it is written");
    } else {
        let mut database = SqliteConnection::connect(url).await.expect("the database");
        sqlx::query(text).execute(&mut database).await.expect("it is written");
    }
}

async fn checked(parkd: &Parkd, what: &str) -> String {
    wait_for(what, async || {
        let readiness = parkd.admin().ready().await.expect("an answer");
        assert!(readiness.ready, "a daemon that can work goes on working");
        readiness.integrity.filter(|found| found.contains(what))
    })
    .await
}

async fn what_is_not_the_fold_of_the_log_is_noticed_and_told(database: Database) {
    let parkd = Parkd::start_on(database, &["--check-every", "100ms"]);
    parkd.admin().slot_create(&new_slot("A-1", None)).await.expect("a slot");
    checked(&parkd, "sound at").await;
    assert_eq!(parkd.admin().ready().await.expect("an answer").database, "ok");
    tamper(&parkd.database_url(), "update slots set note = 'nobody said so'").await;
    let found = checked(&parkd, "lot main has 1 differences").await;
    assert!(found.contains("parkd verify"), "{found}");
    assert!(parkd.log().contains("nobody said so"), "the log says which row");
    tamper(&parkd.database_url(), "update slots set note = null").await;
    checked(&parkd, "sound at").await;
    parkd.verify();
}

async fn what_cannot_be_read_is_not_started_on(database: Database) {
    let mut parkd = Parkd::start_on(database, &[]);
    parkd.admin().slot_create(&new_slot("A-1", None)).await.expect("a slot");
    assert_eq!(parkd.stop(), Some(0));
    tamper(&parkd.database_url(), "update slots set id = 'no id'").await;
    let target = Target { url: parkd.database_url(), ..Target::new(Database::Sqlite) };
    let said = target.refusal();
    assert!(said.contains("damaged") && said.contains("slots") && said.contains("no id"), "{said}");
}
