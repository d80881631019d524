CREATE TABLE stations (
    id BIGSERIAL, slug VARCHAR(60) NOT NULL, name VARCHAR(120) NOT NULL, kind VARCHAR(20) NOT NULL,
    languages JSON NOT NULL, boundary JSON, margin_m FLOAT NOT NULL, region VARCHAR(2) NOT NULL, insee VARCHAR(5),
    lon FLOAT, lat FLOAT, email VARCHAR(254), phone VARCHAR(40), created_at BIGINT NOT NULL, sea JSON, topics JSON,
    policies JSON, budgets JSON,
    CONSTRAINT pk_stations PRIMARY KEY (id),
    CONSTRAINT uq_stations_slug UNIQUE (slug)
);

CREATE TABLE api_keys (
    id BIGSERIAL, station_id INT8, role VARCHAR(10) NOT NULL, label VARCHAR(80) NOT NULL, hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL, revoked_at BIGINT, sealed BYTEA, expires_at BIGINT, actions VARCHAR(80), used_at BIGINT,
    made_by BIGINT,
    CONSTRAINT pk_api_keys PRIMARY KEY (id),
    CONSTRAINT uq_api_keys_hash UNIQUE (hash),
    CONSTRAINT fk_api_keys_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE groups (
    id BIGSERIAL, station_id INT8 NOT NULL, slug VARCHAR(60) NOT NULL, name VARCHAR(120) NOT NULL, sealed BYTEA,
    CONSTRAINT pk_groups PRIMARY KEY (id),
    CONSTRAINT uq_groups_station_id_slug UNIQUE (station_id, slug),
    CONSTRAINT fk_groups_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE schedules (
    id BIGINT NOT NULL, station_id INT8 NOT NULL, key_id INT8 NOT NULL, kind VARCHAR(10) NOT NULL,
    message JSON NOT NULL, audience JSON NOT NULL, rank SMALLINT NOT NULL, starts VARCHAR(19) NOT NULL,
    zone VARCHAR(64) NOT NULL, rule VARCHAR(500), except_on JSON NOT NULL, public_holidays BOOLEAN NOT NULL,
    school_zone VARCHAR(20), lasts_s INTEGER NOT NULL, onset_s INTEGER, grace_s INTEGER, reason VARCHAR(300) NOT NULL,
    reminds BIGINT, public BOOLEAN NOT NULL, paused BOOLEAN NOT NULL, ended_at BIGINT, next_at BIGINT, reach INTEGER,
    reach_now INTEGER, reach_for BIGINT, version INTEGER NOT NULL, idempotency_key VARCHAR(200), request_hash BYTEA,
    consent VARCHAR(10), approved_reach INTEGER,
    CONSTRAINT pk_schedules PRIMARY KEY (id),
    CONSTRAINT uq_schedules_station_id_idempotency_key UNIQUE (station_id, idempotency_key),
    CONSTRAINT fk_schedules_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_schedules_station_id_id ON schedules (station_id, id);
CREATE INDEX ix_schedules_next_at ON schedules (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX ix_schedules_reminds ON schedules (reminds) WHERE reminds IS NOT NULL;

CREATE TABLE occurrences (
    schedule_id BIGINT NOT NULL, at BIGINT NOT NULL, outcome VARCHAR(10) NOT NULL, alert_id BIGINT,
    problem VARCHAR(300) NOT NULL, code VARCHAR(60), params BYTEA, reach INTEGER, reach_now INTEGER,
    CONSTRAINT pk_occurrences PRIMARY KEY (schedule_id, at),
    CONSTRAINT fk_occurrences_schedule_id_schedules FOREIGN KEY (schedule_id)
        REFERENCES schedules (id) ON DELETE CASCADE
);
CREATE INDEX ix_occurrences_not_sent ON occurrences (schedule_id) WHERE outcome IN ('missed', 'refused');
CREATE INDEX ix_occurrences_alert_id ON occurrences (alert_id) WHERE alert_id IS NOT NULL;

CREATE TABLE topic_shares (
    station_id INT8 NOT NULL, day VARCHAR(10) NOT NULL, topic VARCHAR(40) NOT NULL, followers INTEGER NOT NULL,
    muted INTEGER NOT NULL,
    CONSTRAINT pk_topic_shares PRIMARY KEY (station_id, day, topic),
    CONSTRAINT fk_topic_shares_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE templates (
    id BIGSERIAL CONSTRAINT pk_templates PRIMARY KEY, station_id INT8 NOT NULL, name VARCHAR(60) NOT NULL,
    content JSON NOT NULL, changed_at BIGINT NOT NULL,
    CONSTRAINT uq_templates_station_id_name UNIQUE (station_id, name),
    CONSTRAINT fk_templates_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE ppms (
    station_id INT8 NOT NULL, staff INT8 NOT NULL, town_hall INT8 NOT NULL,
    CONSTRAINT pk_ppms PRIMARY KEY (station_id),
    CONSTRAINT fk_ppms_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE,
    CONSTRAINT fk_ppms_staff FOREIGN KEY (staff) REFERENCES groups (id) ON DELETE CASCADE,
    CONSTRAINT fk_ppms_town_hall FOREIGN KEY (town_hall) REFERENCES groups (id) ON DELETE CASCADE
);

CREATE TABLE households (
    station_id INT8 NOT NULL, "row" INTEGER NOT NULL, "column" INTEGER NOT NULL, households INTEGER NOT NULL,
    streets JSON NOT NULL,
    CONSTRAINT pk_households PRIMARY KEY (station_id, "row", "column"),
    CONSTRAINT fk_households_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
