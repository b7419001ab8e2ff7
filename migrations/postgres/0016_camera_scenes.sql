-- By what a camera recognises its place: large, and seldom another, so it is apart from what changes with every picture.
alter table camera_memories add column scenes text;
-- How often it was written: of two daemons that share a database none overwrites what it has not read.
alter table camera_memories add column rev bigint not null default 0;
