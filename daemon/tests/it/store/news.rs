//! What daemons on one database tell each other.

use std::time::Duration;

use super::*;
use crate::harness::{PATIENCE, on_both};

on_both!(a_beat_brings_every_lot, news_reach_every_daemon_but_the_one_that_tells_them);

async fn a_beat_brings_every_lot(database: Database) {
    let stage = Stage::with_lot(database).await;
    assert_eq!(stage.store.beat().await.expect("lots"), stage.store.lots().await.expect("lots"));
}

async fn news_reach_every_daemon_but_the_one_that_tells_them(database: Database) {
    let stage = Stage::with_lot(database).await;
    let other = Store::open(&stage.url, 2).await.expect("the same database");
    assert_eq!(stage.store.is_shared(), database == Database::Postgres);
    let words = ["main".to_string(), "*".to_string()];
    // Where nobody can hear it, it is no error.
    stage.store.tell(&words).await.expect("it is told");
    let (own, others) = (stage.store.listen().await.expect("a try"), other.listen().await.expect("a try"));
    let (Some(mut own), Some(mut others)) = (own, others) else {
        return assert_eq!(database, Database::Sqlite);
    };
    // A look at the database shows who listens.
    stage.store.beat().await.expect("lots");
    stage.store.tell(&words).await.expect("it is told");
    let heard = tokio::time::timeout(PATIENCE, others.next()).await.expect("in time").expect("words");
    assert_eq!(heard, words);
    other.beat().await.expect("lots");
    other.tell(&words[..1]).await.expect("it is told");
    let heard = tokio::time::timeout(PATIENCE, own.next()).await.expect("in time").expect("words");
    assert_eq!(heard, words[..1], "and not what it told itself");
    let more = tokio::time::timeout(Duration::from_millis(50), others.next()).await;
    assert!(more.is_err(), "{more:?}");
}
