-- Where a camera sees which slot: polygons as fractions of its picture, as JSON. id is that of the camera.
create table camera_regions (
    lot     text collate "C" not null,
    id      text collate "C" not null,
    mode    text   not null check (mode in ('off', 'suggest', 'auto')),
    regions text   not null,
    rev     bigint not null,
    primary key (lot, id)
);

-- What a camera remembers of its slots from picture to picture, as JSON. Not of the log: it changes with every picture.
create table camera_memories (
    lot    text collate "C" not null,
    camera text collate "C" not null,
    body   text not null,
    primary key (lot, camera)
);

-- Slots in pictures as people said that they were: what cameras learn from, and are measured by.
create table slot_labels (
    lot            text collate "C" not null,
    id             text collate "C" not null,
    camera         text collate "C" not null,
    slot_id        text   not null,
    at_ms          bigint not null,
    light          text   not null check (light in ('day', 'night')),
    occupied       bigint not null check (occupied in (0, 1)),
    score_permille bigint,
    capture_id     text   not null,
    patch          text   not null,
    primary key (lot, id)
);
create index slot_labels_by_camera on slot_labels (lot, camera, at_ms, id);
