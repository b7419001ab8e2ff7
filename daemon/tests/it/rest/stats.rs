//! Figures over the slots and over the sessions of a lot.

use parkd::store::STAYS_MAX;
use parking_api::ProblemCode;
use parking_api::client::{HistoryQuery, Mutation, SessionQuery};
use parking_api::lots::LotPatch;
use parking_api::sessions::{GateEntry, SessionKind, SessionState};

use sqlx::{Connection, SqliteConnection};

use super::*;
use crate::harness::wait_for;
use crate::wire::Wire;

#[tokio::test]
async fn slots_are_counted_by_state_and_by_zone() {
    use SlotState::{Closed, Free, Occupied, Reserved, Unknown};
    let mut slots = vec![new_slot("X-1")];
    for (index, state) in [Free, Free, Occupied, Reserved, Closed, Unknown].into_iter().enumerate() {
        slots.push(in_zone(&format!("A-{index}"), "A", state));
    }
    slots.push(in_zone("B-1", "B", Closed));
    let parkd = with_slots(&slots).await;
    let admin = parkd.admin();
    let stats = admin.slot_stats().await.expect("figures");
    let all = stats.counts;
    assert_eq!((all.total, all.free, all.occupied, all.reserved, all.closed, all.unknown), (8, 3, 1, 1, 2, 1));
    assert_eq!(all.occupancy_rate, Some(0.2), "over what can be observed: neither closed nor unknown");
    let zones: Vec<_> = stats.zones.iter().map(|zone| (zone.zone.as_deref(), zone.counts.total)).collect();
    assert_eq!(zones, [(None, 1), (Some("A"), 6), (Some("B"), 1)]);
    assert_eq!(stats.zones[1].counts.occupancy_rate, Some(0.25));
    assert_eq!(stats.zones[2].counts.occupancy_rate, None, "nothing can be observed there");
    let seq = set(&admin, "B-1", SlotState::Occupied).await.seq;
    let stats = admin.slot_stats().await.expect("figures");
    assert_eq!((stats.seq, stats.counts.occupied, stats.zones[2].counts.occupancy_rate), (seq, 2, Some(1.0)));
    assert_eq!(Parkd::start(&[]).admin().slot_stats().await.expect("figures").counts.occupancy_rate, None);
}

#[tokio::test]
async fn sessions_are_counted_since_midnight_where_the_lot_is() {
    let parkd = with_slots(&["A-1", "A-2", "A-3", "A-4"].map(new_slot)).await;
    let admin = parkd.admin();
    let zone = LotPatch { time_zone: Some("Pacific/Kiritimati".into()), ..LotPatch::default() };
    admin.lot_patch(&lot_id("main"), &zone).await.expect("it is changed");
    let empty = admin.session_stats().await.expect("figures");
    assert_eq!(
        (empty.stays.open, empty.stays.today, empty.stays.stay_mean_s, empty.turnover_per_slot),
        (0, 0, None, Some(0.0))
    );
    assert_eq!(empty.since.to_string()[11..], *"10:00:00.000Z", "midnight at UTC+14 is ten in the morning at UTC");
    // One stay that ends, one that goes on, one that never was.
    let sensor = |state| SetSlot { source: Some(parking_api::slots::Source::Sensor), ..SetSlot::to(state) };
    for state in [SlotState::Occupied, SlotState::Free] {
        admin.slot_set(&at("A-1"), &sensor(state), &Mutation::default()).await.expect("it is set");
    }
    toggle(&admin, "A-2").await;
    toggle(&admin, "A-3").await;
    toggle(&admin, "A-3").await;
    let gate = |ticket: &str| GateEntry { ticket: Some(ticket.into()), plate: Some(format!("plate {ticket}")) };
    for ticket in ["T-1", "T-2"] {
        admin.gate_entry(&gate(ticket), &Mutation::default()).await.expect("it enters");
    }
    admin.gate_exit(&gate("T-1"), &Mutation::default()).await.expect("it leaves");
    let stats = admin.session_stats().await.expect("figures");
    let all = admin.sessions(&SessionQuery::default()).await.expect("sessions").items;
    let of = |kind, states: &[SessionState]| {
        let since = |s: &&parking_api::sessions::Session| {
            s.opened_at >= stats.since && s.kind == kind && states.contains(&s.state)
        };
        all.iter().filter(since).count() as u64
    };
    let counted = [SessionState::Open, SessionState::Closed];
    assert_eq!((stats.stays.open, stats.stays.today), (1, of(SessionKind::Slot, &counted)));
    assert_eq!((stats.gate.open, stats.gate.today), (1, of(SessionKind::Gate, &counted)));
    assert_eq!(stats.turnover_per_slot, Some(stats.stays.today as f64 / 4.0));
    let by_slot: Vec<_> = stats.slots.iter().map(|slot| (slot.code.to_string(), slot.stays)).collect();
    let expected = ["A-1", "A-2"].map(|code| {
        let is_it =
            |s: &&parking_api::sessions::Session| s.slot_code.as_ref().is_some_and(|own| own.to_string() == code);
        let counts = |s: &&parking_api::sessions::Session| s.opened_at >= stats.since && counted.contains(&s.state);
        (code.to_string(), all.iter().filter(is_it).filter(counts).count() as u64)
    });
    assert_eq!(by_slot, expected.into_iter().filter(|(_, stays)| *stays > 0).collect::<Vec<_>>());
    let closed =
        all.iter().find(|s| s.kind == SessionKind::Slot && s.state == SessionState::Closed).expect("one that ended");
    let length_s = closed.closed_at.expect("it ended").ms_since(closed.opened_at) as f64 / 1_000.0;
    assert_eq!((stats.stays.stay_mean_s, stats.stays.stay_median_s), (Some(length_s), Some(length_s)));
}

#[tokio::test]
async fn figures_of_more_stays_than_are_worked_out_are_refused_and_those_of_fewer_are_not() {
    let parkd = Parkd::start(&[]);
    let mut database = SqliteConnection::connect(&parkd.database_url()).await.expect("the database");
    // Each a millisecond after the one before, from this on: 2023-11-14T22:13:20Z.
    let since_ms: i64 = 1_700_000_000_000;
    let stays = format!(
        "with recursive n(i) as (select 0 union all select i + 1 from n where i < {STAYS_MAX})
         insert into sessions (lot, id, kind, state, opened_at_ms, closed_at_ms, opened_seq, closed_seq)
         select 'main', 'of ' || i, 'slot', 'closed', {since_ms} + i, {since_ms} + i, 1, 1 from n"
    );
    sqlx::query(sqlx::AssertSqlSafe(stays)).execute(&mut database).await.expect("they are written");
    let stats =
        async |from: &str| Wire::admin(&parkd).get(&format!("/api/sessions/stats?from=2023-11-14T{from}Z")).await;
    assert_eq!(stats("22:13:20").await.blame(), (ProblemCode::InvalidField, Some("from".into())));
    let fewer: serde_json::Value = stats("22:13:20.001").await.json(200);
    assert_eq!(fewer["today"], STAYS_MAX, "{fewer}");
}

#[tokio::test]
async fn how_full_the_lot_was_is_known_from_its_first_minute_on_and_a_time_before_it_is_a_gap() {
    let parkd = with_slots(&[in_zone("A-1", "A", SlotState::Occupied), new_slot("X-1")]).await;
    let admin = parkd.admin();
    let now = admin.slot(&at("A-1")).await.expect("the slot").changed_at;
    let query = HistoryQuery { from: Some(now.plus_ms(-3 * 60 * 60 * 1000)), to: Some(now.plus_ms(1)), bucket: None };
    let buckets = wait_for("a first look at the lot", async || {
        let buckets = admin.slots_history(&query).await.expect("a history");
        buckets.iter().any(|bucket| bucket.watched_s > 0).then_some(buckets)
    })
    .await;
    assert_eq!(buckets.len(), 4, "the three hours before, and the one that goes on");
    assert!(buckets.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!((buckets[0].watched_s, buckets[0].zones.len()), (0, 0));
    let refused = admin.slots_history(&HistoryQuery { from: query.to, to: query.from, bucket: None }).await;
    assert_eq!(super::refused(refused).code, ProblemCode::InvalidField);
}
