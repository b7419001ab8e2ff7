alter table events
    alter column kind type text collate "C",
    alter column actor_name type text collate "C";

-- All kinds but the one that nearly all events are of.
create index events_by_kind on events (lot, kind, seq) where kind <> 'slot.changed';
create index events_by_slot on events (lot, slot_id, seq) where slot_id is not null;
create index events_by_actor on events (lot, actor_name, seq);
