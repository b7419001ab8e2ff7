create table tokens (
    id            text collate "C" not null primary key,
    lot           text collate "C" not null,
    name          text   not null,
    role          text   not null check (role in ('camera', 'viewer', 'attendant', 'admin')),
    camera        text collate "C",
    prefix        text   not null,
    hash          text collate "C" not null,
    created_at_ms bigint not null,
    expires_at_ms bigint,
    revoked_at_ms bigint
);
create unique index tokens_by_hash on tokens (hash);

-- When a token was last used. Not of the log: it changes with use and is lost without harm.
create table token_uses (
    token      text collate "C" not null primary key,
    used_at_ms bigint not null
);
