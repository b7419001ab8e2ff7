alter table captures add column pinned bigint not null default 0 check (pinned in (0, 1));

-- Everything that decides which captures go, in the order of their arrival, so that the rows themselves need not be read.
create index captures_by_age on captures (received_at_ms, lot, id, camera, bytes, pinned);
