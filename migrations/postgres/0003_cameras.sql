create table cameras (
    lot           text collate "C" not null,
    id            text collate "C" not null,
    name          text   not null,
    zone          text,
    interval_s    bigint not null,
    status        text   not null check (status in ('online', 'late', 'offline')),
    status_at_ms  bigint not null,
    created_at_ms bigint not null,
    rev           bigint not null,
    primary key (lot, id)
);

-- What was last heard of a camera. Not of the log: it changes with every upload and is lost without harm.
create table camera_contacts (
    lot          text collate "C" not null,
    camera       text collate "C" not null,
    seen_at_ms   bigint not null,
    capture_id   text,
    health_at_ms bigint,
    health       text,
    primary key (lot, camera)
);

create table captures (
    lot            text collate "C" not null,
    id             text collate "C" not null,
    camera         text collate "C",
    key            text collate "C" not null,
    content_type   text   not null check (content_type in ('image/jpeg', 'image/png')),
    bytes          bigint not null,
    width          bigint not null,
    height         bigint not null,
    sha256         text   not null,
    captured_at_ms bigint not null,
    received_at_ms bigint not null,
    rev            bigint not null,
    primary key (lot, id)
);
create index captures_by_time on captures (lot, captured_at_ms, id);
create index captures_by_camera on captures (lot, camera, captured_at_ms, id);
create unique index captures_by_key on captures (key);
