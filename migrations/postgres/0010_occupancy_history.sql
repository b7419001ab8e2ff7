-- How full a lot was, by quarter of an hour and zone: milliseconds that slots spent in each state, summed over the slots. A quarter that
-- was watched for less than its length has a gap. The zone '' is of slots without one, and is there whenever the lot was watched.
create table occupancy_history (
    lot         text collate "C" not null,
    start_ms    bigint not null,
    zone        text collate "C" not null,
    watched_ms  bigint not null,
    free_ms     bigint not null,
    occupied_ms bigint not null,
    reserved_ms bigint not null,
    closed_ms   bigint not null,
    unknown_ms  bigint not null,
    primary key (lot, start_ms, zone)
);
