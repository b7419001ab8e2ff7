
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);

CREATE TABLE public.camera_contacts (
    lot text NOT NULL COLLATE pg_catalog."C",
    camera text NOT NULL COLLATE pg_catalog."C",
    seen_at_ms bigint NOT NULL,
    capture_id text,
    health_at_ms bigint,
    health text
);

CREATE TABLE public.cameras (
    lot text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    zone text,
    interval_s bigint NOT NULL,
    status text NOT NULL,
    status_at_ms bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    rev bigint NOT NULL,
    CONSTRAINT cameras_status_check CHECK ((status = ANY (ARRAY['online'::text, 'late'::text, 'offline'::text])))
);

CREATE TABLE public.captures (
    lot text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    camera text COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    content_type text NOT NULL,
    bytes bigint NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    sha256 text NOT NULL,
    captured_at_ms bigint NOT NULL,
    received_at_ms bigint NOT NULL,
    rev bigint NOT NULL,
    CONSTRAINT captures_content_type_check CHECK ((content_type = ANY (ARRAY['image/jpeg'::text, 'image/png'::text])))
);

CREATE TABLE public.checkpoints (
    lot text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    state text NOT NULL
);

CREATE TABLE public.events (
    lot text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    actor_kind text NOT NULL,
    actor_name text,
    slot_id text COLLATE pg_catalog."C",
    body text NOT NULL
);

CREATE TABLE public.idempotency (
    lot text NOT NULL COLLATE pg_catalog."C",
    actor text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    body_sha256 text NOT NULL,
    seq bigint NOT NULL,
    answer text NOT NULL,
    created_at_ms bigint NOT NULL
);

CREATE TABLE public.lots (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    created_at_ms bigint NOT NULL,
    rev bigint NOT NULL,
    epoch text NOT NULL,
    head bigint NOT NULL,
    floor bigint NOT NULL,
    head_at_ms bigint NOT NULL,
    deleted_at_ms bigint
)
WITH (fillfactor='50');

CREATE TABLE public.meta (
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL
);

CREATE TABLE public.sessions (
    lot text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL,
    state text NOT NULL,
    slot_id text COLLATE pg_catalog."C",
    slot_code text,
    zone text,
    ticket text,
    plate text,
    opened_at_ms bigint NOT NULL,
    closed_at_ms bigint,
    opened_seq bigint NOT NULL,
    closed_seq bigint,
    CONSTRAINT sessions_kind_check CHECK ((kind = ANY (ARRAY['slot'::text, 'gate'::text]))),
    CONSTRAINT sessions_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text, 'void'::text])))
);

CREATE TABLE public.slots (
    lot text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    code text NOT NULL,
    zone text,
    level bigint NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    source text NOT NULL,
    x double precision,
    y double precision,
    rev bigint NOT NULL,
    observed_at_ms bigint NOT NULL,
    changed_at_ms bigint NOT NULL,
    note text,
    CONSTRAINT slots_kind_check CHECK ((kind = ANY (ARRAY['standard'::text, 'accessible'::text, 'ev'::text, 'motorcycle'::text, 'delivery'::text, 'staff'::text]))),
    CONSTRAINT slots_source_check CHECK ((source = ANY (ARRAY['manual'::text, 'camera'::text, 'sensor'::text, 'api'::text]))),
    CONSTRAINT slots_state_check CHECK ((state = ANY (ARRAY['free'::text, 'occupied'::text, 'reserved'::text, 'closed'::text, 'unknown'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.token_uses (
    token text NOT NULL COLLATE pg_catalog."C",
    used_at_ms bigint NOT NULL
);

CREATE TABLE public.tokens (
    id text NOT NULL COLLATE pg_catalog."C",
    lot text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    role text NOT NULL,
    camera text COLLATE pg_catalog."C",
    prefix text NOT NULL,
    hash text NOT NULL COLLATE pg_catalog."C",
    created_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    revoked_at_ms bigint,
    CONSTRAINT tokens_role_check CHECK ((role = ANY (ARRAY['camera'::text, 'viewer'::text, 'attendant'::text, 'admin'::text])))
);

INSERT INTO public._sqlx_migrations VALUES (1, 'ledger', '2026-11-23 09:18:20.645708+00', true, '\x744959fabd1d67f04b12300f4340e3714d46e93350b08e1252b0049ba24d99fc3bd78fd93091da6136224dd7c643efa4', 52352213);
INSERT INTO public._sqlx_migrations VALUES (2, 'slots', '2026-11-23 09:18:20.710859+00', true, '\xfcc9aed4e765f5850b36fd81548c15621ccb020e7f61cff8ab9d4267749552580a17bf584fc1b299142bf63178a7804e', 83797223);
INSERT INTO public._sqlx_migrations VALUES (3, 'cameras', '2026-11-23 09:18:20.797515+00', true, '\x1d91cec5f3b3df5399ac12ef4a726a576763690db28a5270302d6d441038dda7c9e983323c4cd597f1a6a609af35f706', 100143423);
INSERT INTO public._sqlx_migrations VALUES (4, 'tokens', '2026-11-23 09:18:20.908033+00', true, '\x581a2c4d2400b2979d4a3a5dbe33f839caa680defdd8ed09ed1dd23e93b2948d055c45d7b8676c71e18af85e87f5721b', 39690588);

INSERT INTO public.cameras VALUES ('main', 'cam-1', 'cam-1', NULL, 60, 'offline', 1795425501706, 1795425501706, 9);

INSERT INTO public.captures VALUES ('main', '01a207b3-0303-72be-9912-e6389b842ef7', NULL, 'main/_/2026/11/23/01a207b3-0303-72be-9912-e6389b842ef7-220db4e5.jpg', 'image/jpeg', 645, 32, 24, '220db4e534e754ed039b3208890d594994602390ee82b0fd852eb94c807ec8c9', 1795425501955, 1795425502006, 13);

INSERT INTO public.events VALUES ('main', 1, 1795425500993, 'lot.created', 'system', 'start', NULL, '{"seq":1,"at":"2026-11-23T09:18:20.993Z","actor":{"kind":"system","name":"start"},"kind":"lot.created","data":{"lot":{"id":"main","name":"main","time_zone":"UTC","currency":"XXX","created_at":"2026-11-23T09:18:20.993Z","rev":1}}}');
INSERT INTO public.events VALUES ('main', 2, 1795425501112, 'token.created', 'system', 'operator', NULL, '{"seq":2,"at":"2026-11-23T09:18:21.112Z","actor":{"kind":"system","name":"operator"},"kind":"token.created","data":{"token":{"id":"01a207b2-ffb7-7411-9036-36403d55893b","name":"admin","role":"admin","camera":null,"lot":"main","prefix":"park_pTlbZLEa","created_at":"2026-11-23T09:18:21.108Z","expires_at":null,"revoked_at":null}}}');
INSERT INTO public.events VALUES ('main', 3, 1795425501414, 'slot.created', 'token', 'admin', '01a207b3-00e6-716e-afed-4c679213ffb2', '{"seq":3,"at":"2026-11-23T09:18:21.414Z","actor":{"kind":"token","name":"admin"},"kind":"slot.created","data":{"slot":{"id":"01a207b3-00e6-716e-afed-4c679213ffb2","code":"A-1","zone":"North","level":0,"kind":"standard","state":"free","source":"manual","position":null,"rev":3,"observed_at":"2026-11-23T09:18:21.414Z","changed_at":"2026-11-23T09:18:21.414Z","note":null}}}');
INSERT INTO public.events VALUES ('main', 4, 1795425501414, 'slot.created', 'token', 'admin', '01a207b3-00e6-716e-afed-4c686dee89f0', '{"seq":4,"at":"2026-11-23T09:18:21.414Z","actor":{"kind":"token","name":"admin"},"kind":"slot.created","data":{"slot":{"id":"01a207b3-00e6-716e-afed-4c686dee89f0","code":"A-2","zone":null,"level":-1,"kind":"ev","state":"free","source":"manual","position":null,"rev":4,"observed_at":"2026-11-23T09:18:21.414Z","changed_at":"2026-11-23T09:18:21.414Z","note":"by the lift"}}}');
INSERT INTO public.events VALUES ('main', 5, 1795425501414, 'slot.created', 'token', 'admin', '01a207b3-00e6-716e-afed-4c699e5cf702', '{"seq":5,"at":"2026-11-23T09:18:21.414Z","actor":{"kind":"token","name":"admin"},"kind":"slot.created","data":{"slot":{"id":"01a207b3-00e6-716e-afed-4c699e5cf702","code":"A-3","zone":null,"level":0,"kind":"standard","state":"closed","source":"manual","position":null,"rev":5,"observed_at":"2026-11-23T09:18:21.414Z","changed_at":"2026-11-23T09:18:21.414Z","note":null}}}');
INSERT INTO public.events VALUES ('main', 6, 1795425501474, 'slot.changed', 'token', 'admin', '01a207b3-00e6-716e-afed-4c679213ffb2', '{"seq":6,"at":"2026-11-23T09:18:21.474Z","actor":{"kind":"token","name":"admin"},"kind":"slot.changed","data":{"slot":{"id":"01a207b3-00e6-716e-afed-4c679213ffb2","code":"A-1","zone":"North","level":0,"kind":"standard","state":"occupied","source":"manual","position":null,"rev":6,"observed_at":"2026-11-23T09:18:21.474Z","changed_at":"2026-11-23T09:18:21.474Z","note":null},"session":{"id":"01a207b3-012a-740b-b823-348bf09adb63","kind":"slot","state":"open","slot_id":"01a207b3-00e6-716e-afed-4c679213ffb2","slot_code":"A-1","zone":"North","ticket":null,"plate":null,"opened_at":"2026-11-23T09:18:21.474Z","closed_at":null,"opened_seq":6,"closed_seq":null}}}');
INSERT INTO public.events VALUES ('main', 7, 1795425501554, 'slot.changed', 'token', 'admin', '01a207b3-00e6-716e-afed-4c686dee89f0', '{"seq":7,"at":"2026-11-23T09:18:21.554Z","actor":{"kind":"token","name":"admin"},"kind":"slot.changed","data":{"slot":{"id":"01a207b3-00e6-716e-afed-4c686dee89f0","code":"A-2","zone":null,"level":-1,"kind":"ev","state":"occupied","source":"manual","position":null,"rev":7,"observed_at":"2026-11-23T09:18:21.554Z","changed_at":"2026-11-23T09:18:21.554Z","note":"by the lift"},"session":{"id":"01a207b3-0172-75d2-ac4c-637c7b282a6e","kind":"slot","state":"open","slot_id":"01a207b3-00e6-716e-afed-4c686dee89f0","slot_code":"A-2","zone":null,"ticket":null,"plate":null,"opened_at":"2026-11-23T09:18:21.554Z","closed_at":null,"opened_seq":7,"closed_seq":null}}}');
INSERT INTO public.events VALUES ('main', 8, 1795425501626, 'slot.deleted', 'token', 'admin', '01a207b3-00e6-716e-afed-4c699e5cf702', '{"seq":8,"at":"2026-11-23T09:18:21.626Z","actor":{"kind":"token","name":"admin"},"kind":"slot.deleted","data":{"slot":{"id":"01a207b3-00e6-716e-afed-4c699e5cf702","code":"A-3","zone":null,"level":0,"kind":"standard","state":"closed","source":"manual","position":null,"rev":5,"observed_at":"2026-11-23T09:18:21.414Z","changed_at":"2026-11-23T09:18:21.414Z","note":null}}}');
INSERT INTO public.events VALUES ('main', 9, 1795425501706, 'camera.created', 'token', 'admin', NULL, '{"seq":9,"at":"2026-11-23T09:18:21.706Z","actor":{"kind":"token","name":"admin"},"kind":"camera.created","data":{"camera":{"id":"cam-1","name":"cam-1","zone":null,"interval_s":60,"status":"offline","status_at":"2026-11-23T09:18:21.706Z","created_at":"2026-11-23T09:18:21.706Z","rev":9}}}');
INSERT INTO public.events VALUES ('main', 10, 1795425501706, 'token.created', 'token', 'admin', NULL, '{"seq":10,"at":"2026-11-23T09:18:21.706Z","actor":{"kind":"token","name":"admin"},"kind":"token.created","data":{"token":{"id":"01a207b3-020a-7026-8905-c18047842307","name":"cam-1","role":"camera","camera":"cam-1","lot":"main","prefix":"park_6cEKbVRA","created_at":"2026-11-23T09:18:21.706Z","expires_at":null,"revoked_at":null}}}');
INSERT INTO public.events VALUES ('main', 11, 1795425501806, 'session.opened', 'token', 'admin', NULL, '{"seq":11,"at":"2026-11-23T09:18:21.806Z","actor":{"kind":"token","name":"admin"},"kind":"session.opened","data":{"session":{"id":"01a207b3-026e-76ea-baba-f8351f4a70c0","kind":"gate","state":"open","slot_id":null,"slot_code":null,"zone":null,"ticket":"T-1","plate":null,"opened_at":"2026-11-23T09:18:21.806Z","closed_at":null,"opened_seq":11,"closed_seq":null}}}');
INSERT INTO public.events VALUES ('main', 12, 1795425501888, 'session.closed', 'token', 'admin', NULL, '{"seq":12,"at":"2026-11-23T09:18:21.888Z","actor":{"kind":"token","name":"admin"},"kind":"session.closed","data":{"session":{"id":"01a207b3-026e-76ea-baba-f8351f4a70c0","kind":"gate","state":"closed","slot_id":null,"slot_code":null,"zone":null,"ticket":"T-1","plate":null,"opened_at":"2026-11-23T09:18:21.806Z","closed_at":"2026-11-23T09:18:21.888Z","opened_seq":11,"closed_seq":12}}}');
INSERT INTO public.events VALUES ('main', 13, 1795425502006, 'capture.added', 'token', 'admin', NULL, '{"seq":13,"at":"2026-11-23T09:18:22.006Z","actor":{"kind":"token","name":"admin"},"kind":"capture.added","data":{"capture":{"id":"01a207b3-0303-72be-9912-e6389b842ef7","camera":null,"key":"main/_/2026/11/23/01a207b3-0303-72be-9912-e6389b842ef7-220db4e5.jpg","url":"/images/main/_/2026/11/23/01a207b3-0303-72be-9912-e6389b842ef7-220db4e5.jpg","content_type":"image/jpeg","bytes":645,"width":32,"height":24,"sha256":"220db4e534e754ed039b3208890d594994602390ee82b0fd852eb94c807ec8c9","captured_at":"2026-11-23T09:18:21.955Z","received_at":"2026-11-23T09:18:22.006Z","rev":13}}}');

INSERT INTO public.idempotency VALUES ('main', '01a207b2-ffb7-7411-9036-36403d55893b', 'first', 'f812ee6ea55d587a3f183a6456d1552cfbe824df5f80bdbecf978235528623d8', 6, '{"slot":{"id":"01a207b3-00e6-716e-afed-4c679213ffb2","code":"A-1","zone":"North","level":0,"kind":"standard","state":"occupied","source":"manual","position":null,"rev":6,"observed_at":"2026-11-23T09:18:21.474Z","changed_at":"2026-11-23T09:18:21.474Z","note":null}}', 1795425501474);

INSERT INTO public.lots VALUES ('main', 'main', 'UTC', 'XXX', 1795425500993, 1, 'fa01444b8fa11a7d', 13, 1, 1795425502006, NULL);

INSERT INTO public.meta VALUES ('secret_key', 'park_7W5-Bxt01NWozNRnl_QPRQy-53zJ6-6SzAMq8aVNp_k');

INSERT INTO public.sessions VALUES ('main', '01a207b3-012a-740b-b823-348bf09adb63', 'slot', 'open', '01a207b3-00e6-716e-afed-4c679213ffb2', 'A-1', 'North', NULL, NULL, 1795425501474, NULL, 6, NULL);
INSERT INTO public.sessions VALUES ('main', '01a207b3-0172-75d2-ac4c-637c7b282a6e', 'slot', 'open', '01a207b3-00e6-716e-afed-4c686dee89f0', 'A-2', NULL, NULL, NULL, 1795425501554, NULL, 7, NULL);
INSERT INTO public.sessions VALUES ('main', '01a207b3-026e-76ea-baba-f8351f4a70c0', 'gate', 'closed', NULL, NULL, NULL, 'T-1', NULL, 1795425501806, 1795425501888, 11, 12);

INSERT INTO public.slots VALUES ('main', '01a207b3-00e6-716e-afed-4c679213ffb2', 'A-1', 'North', 0, 'standard', 'occupied', 'manual', NULL, NULL, 6, 1795425501474, 1795425501474, NULL);
INSERT INTO public.slots VALUES ('main', '01a207b3-00e6-716e-afed-4c686dee89f0', 'A-2', NULL, -1, 'ev', 'occupied', 'manual', NULL, NULL, 7, 1795425501554, 1795425501554, 'by the lift');

INSERT INTO public.token_uses VALUES ('01a207b2-ffb7-7411-9036-36403d55893b', 1795425480000);

INSERT INTO public.tokens VALUES ('01a207b2-ffb7-7411-9036-36403d55893b', 'main', 'admin', 'admin', NULL, 'park_pTlbZLEa', 'd404ce904b8d8d16b8ddac50d859febf51aee10b2299bbd43e17925e3e469b28', 1795425501108, NULL, NULL);
INSERT INTO public.tokens VALUES ('01a207b3-020a-7026-8905-c18047842307', 'main', 'cam-1', 'camera', 'cam-1', 'park_6cEKbVRA', 'd12dc3decf2266d81069d291fbb025f48d7dc450c740f558ef32377ee2045e26', 1795425501706, NULL, NULL);

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.camera_contacts
    ADD CONSTRAINT camera_contacts_pkey PRIMARY KEY (lot, camera);

ALTER TABLE ONLY public.cameras
    ADD CONSTRAINT cameras_pkey PRIMARY KEY (lot, id);

ALTER TABLE ONLY public.captures
    ADD CONSTRAINT captures_pkey PRIMARY KEY (lot, id);

ALTER TABLE ONLY public.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (lot);

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (lot, seq);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (lot, actor, key);

ALTER TABLE ONLY public.lots
    ADD CONSTRAINT lots_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (lot, id);

ALTER TABLE ONLY public.slots
    ADD CONSTRAINT slots_pkey PRIMARY KEY (lot, id);

ALTER TABLE ONLY public.token_uses
    ADD CONSTRAINT token_uses_pkey PRIMARY KEY (token);

ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT tokens_pkey PRIMARY KEY (id);

CREATE INDEX captures_by_camera ON public.captures USING btree (lot, camera, captured_at_ms, id);

CREATE UNIQUE INDEX captures_by_key ON public.captures USING btree (key);

CREATE INDEX captures_by_time ON public.captures USING btree (lot, captured_at_ms, id);

CREATE INDEX idempotency_by_age ON public.idempotency USING btree (created_at_ms);

CREATE INDEX sessions_by_time ON public.sessions USING btree (lot, opened_at_ms, id);

CREATE INDEX sessions_closed ON public.sessions USING btree (lot, closed_at_ms) WHERE (closed_at_ms IS NOT NULL);

CREATE INDEX sessions_open ON public.sessions USING btree (lot) WHERE (state = 'open'::text);

CREATE UNIQUE INDEX tokens_by_hash ON public.tokens USING btree (hash);

