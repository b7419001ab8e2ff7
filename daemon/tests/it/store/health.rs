//! How cameras were doing.

use parkd::store::HealthRow;

use super::*;
use crate::harness::on_both;

on_both!(the_worst_of_a_stretch_is_kept_whoever_heard_of_it, what_was_long_ago_is_forgotten_and_so_is_a_deleted_lot,);

/// Of `cam-1` in the lot `main`, reported at `at_ms`.
pub fn health_row(start_ms: i64, at_ms: i64) -> HealthRow {
    HealthRow {
        lot: "main".into(),
        camera: "cam-1".into(),
        start_ms,
        at_ms,
        booted_at_ms: None,
        rssi_dbm: None,
        free_heap_bytes: None,
        queue_depth: None,
    }
}

async fn health(stage: &Stage, from: i64, to: i64, limit: usize) -> Vec<HealthRow> {
    let camera = "cam-1".parse().expect("an id");
    stage.store.health(&stage.lot, &camera, Time::from_ms(from), Time::from_ms(to), limit).await.expect("a read")
}

async fn the_worst_of_a_stretch_is_kept_whoever_heard_of_it(database: Database) {
    let stage = Stage::with_lot(database).await;
    let store = &stage.store;
    let known = HealthRow {
        booted_at_ms: Some(-5),
        rssi_dbm: Some(-60),
        free_heap_bytes: Some(90_000),
        queue_depth: Some(3),
        ..health_row(0, 10)
    };
    let other = HealthRow { camera: "cam-2".into(), ..known.clone() };
    store.add_health(&[known.clone(), other]).await.expect("written");
    store.add_health(&[health_row(0, 8)]).await.expect("written");
    assert_eq!(health(&stage, 0, 600, 9).await, std::slice::from_ref(&known), "what nothing was said of stays");
    let worse = HealthRow {
        booted_at_ms: Some(12),
        rssi_dbm: Some(-75),
        free_heap_bytes: Some(95_000),
        queue_depth: Some(1),
        ..health_row(0, 20)
    };
    store.add_health(&[worse, health_row(600, 700), health_row(1_200, 1_300)]).await.expect("written");
    let worst = HealthRow {
        at_ms: 20,
        booted_at_ms: Some(12),
        rssi_dbm: Some(-75),
        free_heap_bytes: Some(90_000),
        queue_depth: Some(3),
        ..known
    };
    assert_eq!(health(&stage, 0, 1_300, 9).await, [worst, health_row(600, 700)], "before its end");
    assert_eq!(health(&stage, 21, 9_999, 9).await, [health_row(600, 700), health_row(1_200, 1_300)]);
    assert_eq!(health(&stage, 0, 9_999, 1).await, [health_row(1_200, 1_300)], "the newest, if there are too many");
}

async fn what_was_long_ago_is_forgotten_and_so_is_a_deleted_lot(database: Database) {
    let stage = Stage::with_lot(database).await;
    let store = &stage.store;
    store.add_health(&[health_row(0, 1), health_row(600, 601)]).await.expect("written");
    assert_eq!(store.prune_health(Time::from_ms(600)).await.expect("written"), 1);
    assert_eq!(health(&stage, 0, 9_999, 9).await, [health_row(600, 601)]);
    assert!(stage.delete(stage.seq).await);
    store.purge_lots().await.expect("written");
    assert_eq!(health(&stage, 0, 9_999, 9).await, []);
}
