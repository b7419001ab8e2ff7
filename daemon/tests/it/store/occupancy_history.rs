//! How full the lots were.

use parkd::store::{HistoryRow, Span};

use super::*;
use crate::harness::on_both;

on_both!(minutes_add_up_in_their_quarter_and_quarters_in_their_span, what_is_old_is_forgotten_and_so_is_a_deleted_lot);

fn row(start_ms: i64, zone: &str, free_ms: i64) -> HistoryRow {
    HistoryRow { lot: "main".into(), start_ms, zone: zone.into(), watched_ms: 10, free_ms, ..HistoryRow::default() }
}

async fn minutes_add_up_in_their_quarter_and_quarters_in_their_span(database: Database) {
    let stage = Stage::with_lot(database).await;
    let store = &stage.store;
    let other = HistoryRow { lot: "other".into(), ..row(0, "", 7) };
    store.add_history(&[row(0, "", 1), row(0, "A", 2), other]).await.expect("written");
    store.add_history(&[row(0, "", 4), row(900, "", 8), row(1_800, "A", 16)]).await.expect("written");
    let spans = [Span { start_ms: 0, end_ms: 1_800 }, Span { start_ms: 1_800, end_ms: 2_700 }];
    let seen = store.history(&stage.lot, &spans).await.expect("a read");
    let seen: Vec<_> = seen.iter().map(|row| (row.start_ms, row.zone.as_str(), row.watched_ms, row.free_ms)).collect();
    assert_eq!(seen, [(0, "", 30, 13), (0, "A", 10, 2), (1_800, "A", 10, 16)]);
    assert_eq!(store.history(&stage.lot, &[]).await.expect("a read"), []);
}

async fn what_is_old_is_forgotten_and_so_is_a_deleted_lot(database: Database) {
    let stage = Stage::with_lot(database).await;
    let store = &stage.store;
    store.add_history(&[row(0, "", 1), row(900, "", 2), row(900, "A", 3)]).await.expect("written");
    assert_eq!(store.prune_history(Time::from_ms(900)).await.expect("written"), 1);
    let spans = [Span { start_ms: 0, end_ms: i64::MAX }];
    let sums: Vec<_> = store.history(&stage.lot, &spans).await.expect("a read").iter().map(|row| row.free_ms).collect();
    assert_eq!(sums, [2, 3]);
    assert!(stage.delete(stage.seq).await);
    store.purge_lots().await.expect("written");
    assert_eq!(store.history(&stage.lot, &spans).await.expect("a read"), []);
}
