-- Failed logins of an address, or with a token that begins like one there is: nothing is written here when a login succeeds.
create table login_failures (
    who      text   not null primary key,
    until_ms bigint not null
) without rowid;
