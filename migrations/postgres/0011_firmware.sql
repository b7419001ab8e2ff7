-- Images for cameras, and to whom each is rolled out: to this part of the cameras of its board, or of those named (a JSON list of ids).
create table firmware (
    lot           text collate "C" not null,
    id            text collate "C" not null,
    board         text   not null,
    version       text   not null,
    bytes         bigint not null,
    sha256        text   not null,
    signature     text   not null,
    key           text collate "C" not null,
    added_at_ms   bigint not null,
    rev           bigint not null,
    percent       bigint check (percent between 0 and 100),
    cameras       text,
    is_forced     bigint not null default 0 check (is_forced in (0, 1)),
    began_at_ms   bigint,
    stopped_at_ms bigint,
    primary key (lot, id)
);
create unique index firmware_by_key on firmware (key);
