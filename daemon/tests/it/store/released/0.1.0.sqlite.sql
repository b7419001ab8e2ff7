BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO "_sqlx_migrations" VALUES(1,'ledger','2026-11-23 09:18:22',1,X'523D2B3FB74B89C002F6A4EFD883B230FABA3CF3773549CCEDFA227A1F9851DCC3946A56AB96D75FC98B291259860C89',13811940);
INSERT INTO "_sqlx_migrations" VALUES(2,'slots','2026-11-23 09:18:22',1,X'D9F14E42E750707D9048E5DBAD7C70333673E25C16AECDEF77A63410AA680F8E7CB0B3CA77A89735826CC36553F11BAC',2064359);
INSERT INTO "_sqlx_migrations" VALUES(3,'cameras','2026-11-23 09:18:22',1,X'E12AEB668AB43E724EFB3D473A57A75F7DB679ECEF783704F6667B7F3098DBB4FE30E1647485A96C44DA8A3E4D4D66D2',4309067);
INSERT INTO "_sqlx_migrations" VALUES(4,'tokens','2026-11-23 09:18:22',1,X'5823F829F75A8D4CB65113466C7FD39B7799B641509AB3979156107D263504CC07E1AC86BDD9DCD7C2B6366EED0C5806',1452677);
CREATE TABLE camera_contacts (
    lot          text   not null,
    camera       text   not null,
    seen_at_ms   bigint not null,
    capture_id   text,
    health_at_ms bigint,
    health       text,
    primary key (lot, camera)
) without rowid;
CREATE TABLE cameras (
    lot           text   not null,
    id            text   not null,
    name          text   not null,
    zone          text,
    interval_s    bigint not null,
    status        text   not null check (status in ('online', 'late', 'offline')),
    status_at_ms  bigint not null,
    created_at_ms bigint not null,
    rev           bigint not null,
    primary key (lot, id)
) without rowid;
INSERT INTO "cameras" VALUES('main','cam-1','cam-1',NULL,60,'offline',1795425503425,1795425503425,9);
CREATE TABLE captures (
    lot            text   not null,
    id             text   not null,
    camera         text,
    key            text   not null,
    content_type   text   not null check (content_type in ('image/jpeg', 'image/png')),
    bytes          bigint not null,
    width          bigint not null,
    height         bigint not null,
    sha256         text   not null,
    captured_at_ms bigint not null,
    received_at_ms bigint not null,
    rev            bigint not null,
    primary key (lot, id)
) without rowid;
INSERT INTO "captures" VALUES('main','01a207b3-099e-77df-9076-eea1c14963c3',NULL,'main/_/2026/11/23/01a207b3-099e-77df-9076-eea1c14963c3-220db4e5.jpg','image/jpeg',645,32,24,'220db4e534e754ed039b3208890d594994602390ee82b0fd852eb94c807ec8c9',1795425503646,1795425503670,13);
CREATE TABLE checkpoints (
    lot   text   not null primary key,
    seq   bigint not null,
    state text   not null
);
CREATE TABLE events (
    lot        text   not null,
    seq        bigint not null,
    at_ms      bigint not null,
    kind       text   not null,
    actor_kind text   not null,
    actor_name text,
    slot_id    text,
    body       text   not null,
    primary key (lot, seq)
) without rowid;
INSERT INTO "events" VALUES('main',1,1795425502896,'lot.created','system','start',NULL,'{"seq":1,"at":"2026-11-23T09:18:22.896Z","actor":{"kind":"system","name":"start"},"kind":"lot.created","data":{"lot":{"id":"main","name":"main","time_zone":"UTC","currency":"XXX","created_at":"2026-11-23T09:18:22.896Z","rev":1}}}');
INSERT INTO "events" VALUES('main',2,1795425502901,'token.created','system','operator',NULL,'{"seq":2,"at":"2026-11-23T09:18:22.901Z","actor":{"kind":"system","name":"operator"},"kind":"token.created","data":{"token":{"id":"01a207b3-06b4-73cb-92e8-56731a8b1470","name":"admin","role":"admin","camera":null,"lot":"main","prefix":"park_VmmD7PSf","created_at":"2026-11-23T09:18:22.899Z","expires_at":null,"revoked_at":null}}}');
INSERT INTO "events" VALUES('main',3,1795425503221,'slot.created','token','admin','01a207b3-07f5-70df-8048-20db8084d014','{"seq":3,"at":"2026-11-23T09:18:23.221Z","actor":{"kind":"token","name":"admin"},"kind":"slot.created","data":{"slot":{"id":"01a207b3-07f5-70df-8048-20db8084d014","code":"A-1","zone":"North","level":0,"kind":"standard","state":"free","source":"manual","position":null,"rev":3,"observed_at":"2026-11-23T09:18:23.221Z","changed_at":"2026-11-23T09:18:23.221Z","note":null}}}');
INSERT INTO "events" VALUES('main',4,1795425503221,'slot.created','token','admin','01a207b3-07f5-70df-8048-20dc25594434','{"seq":4,"at":"2026-11-23T09:18:23.221Z","actor":{"kind":"token","name":"admin"},"kind":"slot.created","data":{"slot":{"id":"01a207b3-07f5-70df-8048-20dc25594434","code":"A-2","zone":null,"level":-1,"kind":"ev","state":"free","source":"manual","position":null,"rev":4,"observed_at":"2026-11-23T09:18:23.221Z","changed_at":"2026-11-23T09:18:23.221Z","note":"by the lift"}}}');
INSERT INTO "events" VALUES('main',5,1795425503221,'slot.created','token','admin','01a207b3-07f5-70df-8048-20dd398f1082','{"seq":5,"at":"2026-11-23T09:18:23.221Z","actor":{"kind":"token","name":"admin"},"kind":"slot.created","data":{"slot":{"id":"01a207b3-07f5-70df-8048-20dd398f1082","code":"A-3","zone":null,"level":0,"kind":"standard","state":"closed","source":"manual","position":null,"rev":5,"observed_at":"2026-11-23T09:18:23.221Z","changed_at":"2026-11-23T09:18:23.221Z","note":null}}}');
INSERT INTO "events" VALUES('main',6,1795425503237,'slot.changed','token','admin','01a207b3-07f5-70df-8048-20db8084d014','{"seq":6,"at":"2026-11-23T09:18:23.237Z","actor":{"kind":"token","name":"admin"},"kind":"slot.changed","data":{"slot":{"id":"01a207b3-07f5-70df-8048-20db8084d014","code":"A-1","zone":"North","level":0,"kind":"standard","state":"occupied","source":"manual","position":null,"rev":6,"observed_at":"2026-11-23T09:18:23.237Z","changed_at":"2026-11-23T09:18:23.237Z","note":null},"session":{"id":"01a207b3-0806-7054-b712-b3c5dcebbd91","kind":"slot","state":"open","slot_id":"01a207b3-07f5-70df-8048-20db8084d014","slot_code":"A-1","zone":"North","ticket":null,"plate":null,"opened_at":"2026-11-23T09:18:23.237Z","closed_at":null,"opened_seq":6,"closed_seq":null}}}');
INSERT INTO "events" VALUES('main',7,1795425503303,'slot.changed','token','admin','01a207b3-07f5-70df-8048-20dc25594434','{"seq":7,"at":"2026-11-23T09:18:23.303Z","actor":{"kind":"token","name":"admin"},"kind":"slot.changed","data":{"slot":{"id":"01a207b3-07f5-70df-8048-20dc25594434","code":"A-2","zone":null,"level":-1,"kind":"ev","state":"occupied","source":"manual","position":null,"rev":7,"observed_at":"2026-11-23T09:18:23.303Z","changed_at":"2026-11-23T09:18:23.303Z","note":"by the lift"},"session":{"id":"01a207b3-0847-720e-9560-dc0d15c99d0f","kind":"slot","state":"open","slot_id":"01a207b3-07f5-70df-8048-20dc25594434","slot_code":"A-2","zone":null,"ticket":null,"plate":null,"opened_at":"2026-11-23T09:18:23.303Z","closed_at":null,"opened_seq":7,"closed_seq":null}}}');
INSERT INTO "events" VALUES('main',8,1795425503391,'slot.deleted','token','admin','01a207b3-07f5-70df-8048-20dd398f1082','{"seq":8,"at":"2026-11-23T09:18:23.391Z","actor":{"kind":"token","name":"admin"},"kind":"slot.deleted","data":{"slot":{"id":"01a207b3-07f5-70df-8048-20dd398f1082","code":"A-3","zone":null,"level":0,"kind":"standard","state":"closed","source":"manual","position":null,"rev":5,"observed_at":"2026-11-23T09:18:23.221Z","changed_at":"2026-11-23T09:18:23.221Z","note":null}}}');
INSERT INTO "events" VALUES('main',9,1795425503425,'camera.created','token','admin',NULL,'{"seq":9,"at":"2026-11-23T09:18:23.425Z","actor":{"kind":"token","name":"admin"},"kind":"camera.created","data":{"camera":{"id":"cam-1","name":"cam-1","zone":null,"interval_s":60,"status":"offline","status_at":"2026-11-23T09:18:23.425Z","created_at":"2026-11-23T09:18:23.425Z","rev":9}}}');
INSERT INTO "events" VALUES('main',10,1795425503425,'token.created','token','admin',NULL,'{"seq":10,"at":"2026-11-23T09:18:23.425Z","actor":{"kind":"token","name":"admin"},"kind":"token.created","data":{"token":{"id":"01a207b3-08c1-70d8-b7aa-7b8ba65f80ae","name":"cam-1","role":"camera","camera":"cam-1","lot":"main","prefix":"park_pQC58lkM","created_at":"2026-11-23T09:18:23.425Z","expires_at":null,"revoked_at":null}}}');
INSERT INTO "events" VALUES('main',11,1795425503469,'session.opened','token','admin',NULL,'{"seq":11,"at":"2026-11-23T09:18:23.469Z","actor":{"kind":"token","name":"admin"},"kind":"session.opened","data":{"session":{"id":"01a207b3-08ed-7434-a1be-5a1f49aca3bf","kind":"gate","state":"open","slot_id":null,"slot_code":null,"zone":null,"ticket":"T-1","plate":null,"opened_at":"2026-11-23T09:18:23.469Z","closed_at":null,"opened_seq":11,"closed_seq":null}}}');
INSERT INTO "events" VALUES('main',12,1795425503535,'session.closed','token','admin',NULL,'{"seq":12,"at":"2026-11-23T09:18:23.535Z","actor":{"kind":"token","name":"admin"},"kind":"session.closed","data":{"session":{"id":"01a207b3-08ed-7434-a1be-5a1f49aca3bf","kind":"gate","state":"closed","slot_id":null,"slot_code":null,"zone":null,"ticket":"T-1","plate":null,"opened_at":"2026-11-23T09:18:23.469Z","closed_at":"2026-11-23T09:18:23.535Z","opened_seq":11,"closed_seq":12}}}');
INSERT INTO "events" VALUES('main',13,1795425503670,'capture.added','token','admin',NULL,'{"seq":13,"at":"2026-11-23T09:18:23.670Z","actor":{"kind":"token","name":"admin"},"kind":"capture.added","data":{"capture":{"id":"01a207b3-099e-77df-9076-eea1c14963c3","camera":null,"key":"main/_/2026/11/23/01a207b3-099e-77df-9076-eea1c14963c3-220db4e5.jpg","url":"/images/main/_/2026/11/23/01a207b3-099e-77df-9076-eea1c14963c3-220db4e5.jpg","content_type":"image/jpeg","bytes":645,"width":32,"height":24,"sha256":"220db4e534e754ed039b3208890d594994602390ee82b0fd852eb94c807ec8c9","captured_at":"2026-11-23T09:18:23.646Z","received_at":"2026-11-23T09:18:23.670Z","rev":13}}}');
CREATE TABLE idempotency (
    lot           text   not null,
    actor         text   not null,
    key           text   not null,
    body_sha256   text   not null,
    seq           bigint not null,
    answer        text   not null,
    created_at_ms bigint not null,
    primary key (lot, actor, key)
) without rowid;
INSERT INTO "idempotency" VALUES('main','01a207b3-06b4-73cb-92e8-56731a8b1470','first','f812ee6ea55d587a3f183a6456d1552cfbe824df5f80bdbecf978235528623d8',6,'{"slot":{"id":"01a207b3-07f5-70df-8048-20db8084d014","code":"A-1","zone":"North","level":0,"kind":"standard","state":"occupied","source":"manual","position":null,"rev":6,"observed_at":"2026-11-23T09:18:23.237Z","changed_at":"2026-11-23T09:18:23.237Z","note":null}}',1795425503237);
CREATE TABLE lots (
    id            text   not null primary key,
    name          text   not null,
    time_zone     text   not null,
    currency      text   not null,
    created_at_ms bigint not null,
    rev           bigint not null,
    epoch         text   not null,
    head          bigint not null,
    floor         bigint not null,
    head_at_ms    bigint not null,
    -- Set while its rows are being removed: the lot is there for nobody then, but its id is not free yet.
    deleted_at_ms bigint
);
INSERT INTO "lots" VALUES('main','main','UTC','XXX',1795425502896,1,'d711d5265f4ac2f8',13,1,1795425503670,NULL);
CREATE TABLE meta (
    key   text not null primary key,
    value text not null
);
INSERT INTO "meta" VALUES('secret_key','park_PpfYjulI29oCvp0stei_zDtLuFWhE2_udxbhrfjkI68');
CREATE TABLE sessions (
    lot          text   not null,
    id           text   not null,
    kind         text   not null check (kind in ('slot', 'gate')),
    state        text   not null check (state in ('open', 'closed', 'void')),
    slot_id      text,
    slot_code    text,
    zone         text,
    ticket       text,
    plate        text,
    opened_at_ms bigint not null,
    closed_at_ms bigint,
    opened_seq   bigint not null,
    closed_seq   bigint,
    primary key (lot, id)
) without rowid;
INSERT INTO "sessions" VALUES('main','01a207b3-0806-7054-b712-b3c5dcebbd91','slot','open','01a207b3-07f5-70df-8048-20db8084d014','A-1','North',NULL,NULL,1795425503237,NULL,6,NULL);
INSERT INTO "sessions" VALUES('main','01a207b3-0847-720e-9560-dc0d15c99d0f','slot','open','01a207b3-07f5-70df-8048-20dc25594434','A-2',NULL,NULL,NULL,1795425503303,NULL,7,NULL);
INSERT INTO "sessions" VALUES('main','01a207b3-08ed-7434-a1be-5a1f49aca3bf','gate','closed',NULL,NULL,NULL,'T-1',NULL,1795425503469,1795425503535,11,12);
CREATE TABLE slots (
    lot            text   not null,
    id             text   not null,
    code           text   not null,
    zone           text,
    level          bigint not null,
    kind           text   not null check (kind in ('standard', 'accessible', 'ev', 'motorcycle', 'delivery', 'staff')),
    state          text   not null check (state in ('free', 'occupied', 'reserved', 'closed', 'unknown')),
    source         text   not null check (source in ('manual', 'camera', 'sensor', 'api')),
    x              double precision,
    y              double precision,
    rev            bigint not null,
    observed_at_ms bigint not null,
    changed_at_ms  bigint not null,
    note           text,
    primary key (lot, id)
) without rowid;
INSERT INTO "slots" VALUES('main','01a207b3-07f5-70df-8048-20db8084d014','A-1','North',0,'standard','occupied','manual',NULL,NULL,6,1795425503237,1795425503237,NULL);
INSERT INTO "slots" VALUES('main','01a207b3-07f5-70df-8048-20dc25594434','A-2',NULL,-1,'ev','occupied','manual',NULL,NULL,7,1795425503303,1795425503303,'by the lift');
CREATE TABLE token_uses (
    token      text   not null primary key,
    used_at_ms bigint not null
);
INSERT INTO "token_uses" VALUES('01a207b3-06b4-73cb-92e8-56731a8b1470',1795425480000);
CREATE TABLE tokens (
    id            text   not null primary key,
    lot           text   not null,
    name          text   not null,
    role          text   not null check (role in ('camera', 'viewer', 'attendant', 'admin')),
    camera        text,
    prefix        text   not null,
    hash          text   not null,
    created_at_ms bigint not null,
    expires_at_ms bigint,
    revoked_at_ms bigint
);
INSERT INTO "tokens" VALUES('01a207b3-06b4-73cb-92e8-56731a8b1470','main','admin','admin',NULL,'park_VmmD7PSf','cc6e7d30557551ced7fc902a4f989717fbd54083b054d757891dc057a1501afb',1795425502899,NULL,NULL);
INSERT INTO "tokens" VALUES('01a207b3-08c1-70d8-b7aa-7b8ba65f80ae','main','cam-1','camera','cam-1','park_pQC58lkM','dc1d2b0835236cb816e75a4499d7d0c37bf63906857fa8c8dffa7aaa5ae1ca24',1795425503425,NULL,NULL);
CREATE INDEX idempotency_by_age on idempotency (created_at_ms);
CREATE INDEX sessions_by_time on sessions (lot, opened_at_ms, id);
CREATE INDEX sessions_closed on sessions (lot, closed_at_ms) where closed_at_ms is not null;
CREATE INDEX sessions_open on sessions (lot) where state = 'open';
CREATE INDEX captures_by_time on captures (lot, captured_at_ms, id);
CREATE INDEX captures_by_camera on captures (lot, camera, captured_at_ms, id);
CREATE UNIQUE INDEX captures_by_key on captures (key);
CREATE UNIQUE INDEX tokens_by_hash on tokens (hash);
COMMIT;
