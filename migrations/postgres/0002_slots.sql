-- That a code is unique in its lot is the ledger's rule, decided under the lot's lock and proven by parkd verify: an index for it would be
-- written at every change of a state.
create table slots (
    lot            text collate "C" not null,
    id             text collate "C" not null,
    code           text   not null,
    zone           text,
    level          bigint not null,
    kind           text   not null check (kind in ('standard', 'accessible', 'ev', 'motorcycle', 'delivery', 'staff')),
    state          text   not null check (state in ('free', 'occupied', 'reserved', 'closed', 'unknown')),
    source         text   not null check (source in ('manual', 'camera', 'sensor', 'api')),
    x              double precision,
    y              double precision,
    rev            bigint not null,
    observed_at_ms bigint not null,
    changed_at_ms  bigint not null,
    note           text,
    primary key (lot, id)
) with (fillfactor = 70);

-- Every index here is written at its end, or is as small as what is open now: an index by slot would cost each change of a state
-- a page of its own on disk.
create table sessions (
    lot          text collate "C" not null,
    id           text collate "C" not null,
    kind         text   not null check (kind in ('slot', 'gate')),
    state        text   not null check (state in ('open', 'closed', 'void')),
    slot_id      text collate "C",
    slot_code    text,
    zone         text,
    ticket       text,
    plate        text,
    opened_at_ms bigint not null,
    closed_at_ms bigint,
    opened_seq   bigint not null,
    closed_seq   bigint,
    primary key (lot, id)
);
create index sessions_by_time on sessions (lot, opened_at_ms, id);
create index sessions_closed on sessions (lot, closed_at_ms) where closed_at_ms is not null;
create index sessions_open on sessions (lot) where state = 'open';
