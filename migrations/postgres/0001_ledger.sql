-- Facts about the database itself, such as the secret that signs cookies.
create table meta (
    key   text collate "C" not null primary key,
    value text not null
);

-- One row per lot; head, floor, epoch and head_at_ms describe its event log.
create table lots (
    id            text collate "C" not null primary key,
    name          text   not null,
    time_zone     text   not null,
    currency      text   not null,
    created_at_ms bigint not null,
    rev           bigint not null,
    epoch         text   not null,
    head          bigint not null,
    floor         bigint not null,
    head_at_ms    bigint not null,
    -- Set while its rows are being removed: the lot is there for nobody then, but its id is not free yet.
    deleted_at_ms bigint
) with (fillfactor = 50);

-- The log: gapless by seq from floor to head. body is the event as it goes over the wire.
create table events (
    lot        text collate "C" not null,
    seq        bigint not null,
    at_ms      bigint not null,
    kind       text   not null,
    actor_kind text   not null,
    actor_name text,
    slot_id    text collate "C",
    body       text   not null,
    primary key (lot, seq)
);

-- The fold of the log up to the event before its floor, once older events are pruned.
create table checkpoints (
    lot   text collate "C" not null primary key,
    seq   bigint not null,
    state text   not null
);

-- First answers, so that a repeated request is answered again and not done again.
create table idempotency (
    lot           text collate "C" not null,
    actor         text collate "C" not null,
    key           text collate "C" not null,
    body_sha256   text   not null,
    seq           bigint not null,
    answer        text   not null,
    created_at_ms bigint not null,
    primary key (lot, actor, key)
);
create index idempotency_by_age on idempotency (created_at_ms);
