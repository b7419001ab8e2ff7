-- All kinds but the one that nearly all events are of. PostgreSQL has more; here an index by slot or actor would cost each change of a
-- state a page of its own on disk.
create index events_by_kind on events (lot, kind, seq) where kind <> 'slot.changed';
