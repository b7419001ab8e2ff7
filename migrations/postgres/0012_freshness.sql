-- Since when no camera confirms a slot any more, what a camera suggests instead, and since when a camera does not see its regions.
alter table slots add column stale_since_ms bigint;
alter table slots add column suggested text check (suggested in ('free', 'occupied'));
alter table cameras add column moved_since_ms bigint;
