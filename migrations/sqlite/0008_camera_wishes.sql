-- Since when somebody waits for a picture of a camera, and since when it sends one and the same.
alter table cameras add column capture_wanted_at_ms bigint;
alter table cameras add column frozen_since_ms bigint;
