-- What cameras reported of themselves, by stretch of ten minutes: the worst of each. Not of the log: it is forgotten after some days.
create table camera_health (
    lot             text collate "C" not null,
    camera          text collate "C" not null,
    start_ms        bigint not null,
    at_ms           bigint not null,
    booted_at_ms    bigint,
    rssi_dbm        bigint,
    free_heap_bytes bigint,
    queue_depth     bigint,
    primary key (lot, camera, start_ms)
);
