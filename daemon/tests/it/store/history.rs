//! Events, sessions and captures by page and filter, and the log that forgets its beginning.

use parkd::store::{CaptureFilter, EVENTS_LOOKED_THROUGH_MAX, EventFilter, Parts, Place, SessionFilter};
use sqlx::{Connection, PgConnection, SqliteConnection};

use super::*;
use crate::harness::on_both;

on_both!(
    the_log_is_narrowed_and_paged_from_either_end,
    the_log_is_narrowed_by_time,
    what_lies_far_apart_is_looked_for_a_part_at_a_time,
    sessions_are_narrowed_and_paged_newest_first,
    stays_are_counted_and_measured,
    captures_are_narrowed_and_paged_newest_first,
    history_is_walked_by_id,
    the_log_forgets_its_beginning_and_keeps_what_it_came_to,
);

async fn the_log_is_narrowed_and_paged_from_either_end(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let changed = |number, rev| EventChange::SlotChanged { slot: slot(number, SlotState::Free, rev), session: None };
    for seq in 2..12 {
        stage.commit([changed(u128::from(seq % 2), seq)]).await;
    }
    let seqs = async |filter: EventFilter| -> Vec<u64> {
        let rows = stage.store.events(&stage.lot, &filter).await.expect("events");
        rows.bodies.iter().map(|body| parkd::store::parse_event(body).expect("an event").seq).collect()
    };
    let all = EventFilter { limit: 100, ..EventFilter::default() };
    let one = Some(SlotId(id(1)));
    assert_eq!(seqs(EventFilter { limit: 3, ..all.clone() }).await, [9, 10, 11], "the newest");
    assert_eq!(seqs(EventFilter { from: Some(Place::After(4)), limit: 3, ..all.clone() }).await, [5, 6, 7]);
    assert_eq!(seqs(EventFilter { kind: Some("lot.created".into()), ..all.clone() }).await, [1]);
    assert_eq!(seqs(EventFilter { slot: one, limit: 2, ..all.clone() }).await, [9, 11]);
    assert_eq!(seqs(EventFilter { slot: one, from: Some(Place::After(0)), limit: 2, ..all.clone() }).await, [3, 5]);
    assert_eq!(
        seqs(EventFilter { actor: Some("test".into()), slot: one, from: Some(Place::After(8)), ..all.clone() }).await,
        [9, 11]
    );
    assert_eq!(seqs(EventFilter { actor: Some("nobody".into()), ..all.clone() }).await, [0; 0]);
    let within =
        |since: u64, until: u64| EventFilter { since: Some(time(since)), until: Some(time(until)), ..all.clone() };
    assert_eq!(seqs(within(4, 7)).await, [4, 5, 6]);
    assert_eq!(seqs(EventFilter { limit: 1, ..within(4, 7) }).await, [6], "the newest of them");
    assert_eq!(seqs(EventFilter { from: Some(Place::After(0)), limit: 1, ..within(4, 7) }).await, [4]);
    assert_eq!(seqs(EventFilter { from: Some(Place::After(5)), slot: one, ..within(4, 10) }).await, [7, 9]);
    assert_eq!(seqs(within(0, 3)).await, [1, 2]);
    assert_eq!(seqs(within(11, 99)).await, [11]);
    assert_eq!(seqs(within(12, 99)).await, [0; 0]);
    let between = Some(Time::from_ms(time(9).ms() + 1));
    assert_eq!(seqs(EventFilter { since: between, ..all.clone() }).await, [10, 11]);
    let kind = Some("slot.changed".into());
    assert_eq!(
        seqs(EventFilter { kind, actor: Some("test".into()), from: Some(Place::After(9)), ..all }).await,
        [10, 11]
    );
}

async fn the_log_is_narrowed_by_time(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    for seq in 2..6 {
        let slot = slot(1, SlotState::Free, seq);
        stage.commit([EventChange::SlotChanged { slot, session: None }]).await;
    }
    let seqs = async |since, until| -> Vec<u64> {
        let filter = EventFilter { since, until, limit: 9, ..EventFilter::default() };
        let rows = stage.store.events(&stage.lot, &filter).await.expect("events");
        rows.bodies.iter().map(|body| parkd::store::parse_event(body).expect("an event").seq).collect()
    };
    assert_eq!(seqs(Some(time(3)), Some(time(5))).await, [3, 4], "from then on, and before then");
    assert_eq!(seqs(None, Some(time(3))).await, [1, 2]);
    assert_eq!(seqs(Some(time(5)), None).await, [5]);
}

/// So many of one kind that one look does not reach through them.
const MANY: u64 = 2 * EVENTS_LOOKED_THROUGH_MAX + 5_000;

/// Runs statements on the database itself.
async fn execute(database: Database, url: &str, statements: &[String]) {
    for statement in statements.iter().cloned().map(sqlx::AssertSqlSafe) {
        match database {
            Database::Sqlite => {
                let mut connection = SqliteConnection::connect(url).await.expect("the database");
                sqlx::query(statement).execute(&mut connection).await.expect("it is done");
            }
            Database::Postgres => {
                let mut connection = PgConnection::connect(url).await.expect("the database");
                sqlx::query(statement).execute(&mut connection).await.expect("it is done");
            }
        }
    }
}

async fn what_lies_far_apart_is_looked_for_a_part_at_a_time(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let first = session(1, SessionState::Closed, 2);
    stage
        .commit([
            EventChange::SlotCreated { slot: slot(1, SlotState::Free, 2), session: Some(first) },
            EventChange::SlotDeleted { slot: slot(2, SlotState::Free, 1), session: None },
        ])
        .await;
    let (numbers, at) =
        (format!("with recursive n(i) as (select 4 union all select i + 1 from n where i < {MANY})"), time(3).ms());
    let events = format!(
        "{numbers} insert into events (lot, seq, at_ms, kind, actor_kind, actor_name, body)
         select 'main', i, {at}, 'slot.changed', 'system', 'test', '' from n"
    );
    let sessions = format!(
        "{numbers} insert into sessions (lot, id, kind, state, opened_at_ms, closed_at_ms, opened_seq, closed_seq)
         select 'main', 'of ' || i, 'gate', 'closed', {at} + i, {at} + i, i, i from n"
    );
    execute(database, &stage.url, &[events, sessions, format!("update lots set head = {MANY} where id = 'main'")])
        .await;
    let walk = async |from: Option<Place>, slot: u128| {
        let (mut found, mut looks, mut next) = (0, 0, from);
        loop {
            let filter = EventFilter { from: next, slot: Some(SlotId(id(slot))), limit: 10, ..EventFilter::default() };
            let rows = stage.store.events(&stage.lot, &filter).await.expect("events");
            (found, looks, next) = (found + rows.bodies.len(), looks + 1, rows.next);
            if next.is_none() {
                return (found, looks);
            }
        }
    };
    assert_eq!(walk(None, 1).await, (1, 3), "from the end");
    assert_eq!(walk(Some(Place::After(0)), 1).await, (1, 3), "and from the beginning");
    assert_eq!(walk(None, 9).await, (0, 3), "also what is not there");
    for (code, found) in [("A-2", Some(SlotId(id(2)))), ("a-2", None), ("A-", None), ("A-1", None)] {
        let once = stage.store.slot_once_called(&stage.lot, &code.parse().expect("a code")).await.expect("an answer");
        assert_eq!(once, found, "{code}: what was deleted long ago is known, and what was there long ago is not");
    }
    let (mut found, mut looks, mut before) = (Vec::new(), 0, None);
    loop {
        let filter = SessionFilter { zone: Some("Nord".into()), limit: 10, before, ..SessionFilter::default() };
        let rows = stage.store.sessions(&stage.lot, &filter).await.expect("sessions");
        found.extend(rows.sessions);
        (looks, before) = (looks + 1, rows.looked_to);
        if before.is_none() {
            break;
        }
    }
    assert_eq!((found.len(), looks), (1, 3));
}

async fn sessions_are_narrowed_and_paged_newest_first(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let gate = Session {
        kind: SessionKind::Gate,
        slot_id: None,
        slot_code: None,
        zone: None,
        ticket: Some("T".into()),
        plate: Some("P".into()),
        ..session(3, SessionState::Open, 4)
    };
    // Two of them open at the same moment: then the id decides.
    let all = [
        session(1, SessionState::Open, 2),
        session(2, SessionState::Closed, 4),
        gate.clone(),
        session(4, SessionState::Void, 5),
    ];
    stage.commit(all.iter().map(|session| EventChange::SessionOpened { session: session.clone() })).await;
    let numbers = async |filter: SessionFilter| -> Vec<u128> {
        let filter = SessionFilter { limit: filter.limit.max(1), ..filter };
        let rows = stage.store.sessions(&stage.lot, &filter).await.expect("sessions");
        rows.sessions.iter().map(|session| session.id.0.as_u128()).collect()
    };
    let any = SessionFilter { limit: 9, ..SessionFilter::default() };
    assert_eq!(numbers(any.clone()).await, [4, 3, 2, 1]);
    assert_eq!(numbers(SessionFilter { limit: 2, ..any.clone() }).await, [4, 3]);
    let before = |n: u128, seq| Some((time(seq).ms(), id(n).to_string()));
    assert_eq!(numbers(SessionFilter { before: before(3, 4), ..any.clone() }).await, [2, 1]);
    assert_eq!(numbers(SessionFilter { before: before(2, 4), limit: 1, ..any.clone() }).await, [1]);
    assert_eq!(numbers(SessionFilter { state: Some(SessionState::Void), ..any.clone() }).await, [4]);
    assert_eq!(numbers(SessionFilter { kind: Some(SessionKind::Gate), ..any.clone() }).await, [3]);
    assert_eq!(numbers(SessionFilter { slot: Some(SlotId(id(1))), ..any.clone() }).await, [4, 2, 1]);
    assert_eq!(numbers(SessionFilter { zone: Some("Nord".into()), ..any.clone() }).await, [4, 2, 1]);
    assert_eq!(numbers(SessionFilter { from: Some(time(4)), to: Some(time(5)), ..any }).await, [3, 2]);
    assert_eq!(stage.store.session(&stage.lot, gate.id).await.expect("a read"), Some(gate));
    assert_eq!(stage.store.session(&stage.lot, SessionId(id(9))).await.expect("a read"), None);
}

async fn stays_are_counted_and_measured(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let long = Session { closed_at: Some(time(50)), ..session(2, SessionState::Closed, 4) };
    let all = [
        session(1, SessionState::Open, 2),
        long,
        session(3, SessionState::Closed, 5),
        session(4, SessionState::Void, 6),
    ];
    stage.commit(all.map(|session| EventChange::SessionOpened { session })).await;
    let stays_until = async |kind, since, until| {
        let stays = stage.store.stays(&stage.lot, kind, time(since), time(until)).await.expect("figures");
        let stays = stays.expect("not too many");
        (stays.opened, stays.closed_ms)
    };
    let stays = async |kind, since| stays_until(kind, since, 1_000).await;
    assert_eq!(stays(SessionKind::Slot, 0).await, (3, vec![10_000, 46_000]));
    assert_eq!(stays(SessionKind::Slot, 5).await, (1, vec![10_000, 46_000]));
    assert_eq!(stays(SessionKind::Slot, 16).await, (0, vec![46_000]));
    assert_eq!(stays(SessionKind::Gate, 0).await, (0, vec![]));
    assert_eq!(stays_until(SessionKind::Slot, 0, 5).await, (2, vec![]));
    assert_eq!(stays_until(SessionKind::Slot, 0, 50).await, (3, vec![10_000]));
    let by_slot_until =
        async |since, until| stage.store.stays_by_slot(&stage.lot, time(since), time(until)).await.expect("figures");
    let by_slot = async |since| by_slot_until(since, 1_000).await;
    assert_eq!(by_slot_until(0, 5).await, [(SlotId(id(1)), 2)].into());
    assert_eq!(by_slot(0).await, [(SlotId(id(1)), 3)].into(), "what never was does not count");
    assert_eq!(by_slot(5).await, [(SlotId(id(1)), 1)].into());
    assert!(by_slot(16).await.is_empty());
}

async fn captures_are_narrowed_and_paged_newest_first(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    let all =
        [capture(1, Some("cam-1"), 2), capture(2, Some("cam-2"), 3), capture(3, None, 3), capture(4, Some("cam-1"), 5)];
    stage.commit(all.clone().map(|capture| EventChange::CaptureAdded { capture })).await;
    let numbers = async |filter: CaptureFilter| -> Vec<u128> {
        stage.store.captures(&stage.lot, &filter).await.expect("captures").iter().map(|c| c.id.0.as_u128()).collect()
    };
    let any = CaptureFilter { limit: 9, ..CaptureFilter::default() };
    let camera = Some("cam-1".parse().expect("an id"));
    assert_eq!(numbers(any.clone()).await, [4, 3, 2, 1]);
    assert_eq!(numbers(CaptureFilter { limit: 1, ..any.clone() }).await, [4]);
    assert_eq!(numbers(CaptureFilter { camera: camera.clone(), ..any.clone() }).await, [4, 1]);
    let before = Some((time(3).ms(), id(3).to_string()));
    assert_eq!(numbers(CaptureFilter { before: before.clone(), ..any.clone() }).await, [2, 1]);
    assert_eq!(numbers(CaptureFilter { before, camera, ..any.clone() }).await, [1]);
    assert_eq!(numbers(CaptureFilter { from: Some(time(3)), to: Some(time(5)), ..any }).await, [3, 2]);
    let found = stage.store.capture_by_key("main/3.jpg").await.expect("a read");
    assert_eq!(found.as_ref(), Some(&all[2]));
    assert_eq!(stage.store.capture_by_key("main/9.jpg").await.expect("a read"), None);
    assert_eq!(stage.store.capture(&stage.lot, all[0].id).await.expect("a read").as_ref(), Some(&all[0]));
    assert_eq!(stage.store.capture(&"other".parse().expect("an id"), all[0].id).await.expect("a read"), None);
}

async fn history_is_walked_by_id(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage.commit((1..6).map(|n| EventChange::SessionOpened { session: session(n, SessionState::Closed, 2) })).await;
    stage.commit((1..6).map(|n| EventChange::CaptureAdded { capture: capture(n, None, 2) })).await;
    let mut read = stage.store.read().await.expect("a read");
    let first = read.sessions_by_id(&stage.lot, None, 3).await.expect("sessions");
    let rest = read.sessions_by_id(&stage.lot, Some(first[2].id), 3).await.expect("sessions");
    let numbers: Vec<_> = first.iter().chain(&rest).map(|session| session.id.0.as_u128()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let first = read.captures_by_id(&stage.lot, None, 3).await.expect("captures");
    let rest = read.captures_by_id(&stage.lot, Some(first[2].id), 3).await.expect("captures");
    let numbers: Vec<_> = first.iter().chain(&rest).map(|capture| capture.id.0.as_u128()).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    let seq = stage.seq;
    stage.commit([EventChange::LotChanged { lot: lot("main") }]).await;
    let (_, head) = read.lot(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!(head.seq, seq, "it is one moment, whatever is written meanwhile");
}

async fn the_log_forgets_its_beginning_and_keeps_what_it_came_to(database: Database) {
    let mut stage = Stage::with_lot(database).await;
    stage.commit((2..5_002).map(|_| EventChange::LotChanged { lot: lot("main") })).await;
    let parts = stage.store.parts(&stage.lot).await.expect("a read").expect("the lot");
    let fold = |seq| Parts { seq, ..parts.clone() };
    assert!(stage.store.read().await.expect("a read").checkpoint(&stage.lot).await.expect("a read").is_none());
    assert_eq!(stage.store.prune_events(&stage.lot, &fold(4_500)).await.expect("it is pruned"), 4_500);
    assert_eq!(stage.store.prune_events(&stage.lot, &fold(10)).await.expect("it is pruned"), 0, "never back");
    let mut read = stage.store.read().await.expect("a read");
    let checkpoint = read.checkpoint(&stage.lot).await.expect("a read").expect("a checkpoint");
    assert_eq!((checkpoint.seq, checkpoint.lot), (4_500, parts.lot.clone()));
    let (_, head) = read.lot(&stage.lot).await.expect("a read").expect("the lot");
    assert_eq!((head.floor, head.seq), (4_501, 5_001));
    assert_eq!(read.log_extent(&stage.lot).await.expect("an extent"), (4_501, 5_001, 501));
    assert_eq!(read.log_extent(&"other".parse().expect("an id")).await.expect("an extent"), (0, 0, 0));
}
