CREATE TABLE channel_stops (
    channel SMALLINT NOT NULL, code VARCHAR(60) NOT NULL, detail TEXT NOT NULL, since BIGINT NOT NULL,
    CONSTRAINT pk_channel_stops PRIMARY KEY (channel)
);

CREATE TABLE leases (
    name VARCHAR(40) NOT NULL, owner VARCHAR(40) NOT NULL, until BIGINT NOT NULL,
    CONSTRAINT pk_leases PRIMARY KEY (name)
);

CREATE TABLE sessions (
    id BIGSERIAL, hash BYTEA NOT NULL, key_id INT8 NOT NULL, device VARCHAR(60) NOT NULL, began_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL, ends_at BIGINT NOT NULL, trusted BOOLEAN, proven_at BIGINT, earlier_hash BYTEA,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT uq_sessions_hash UNIQUE (hash),
    CONSTRAINT fk_sessions_key_id_api_keys FOREIGN KEY (key_id) REFERENCES api_keys (id) ON DELETE CASCADE
);
CREATE INDEX ix_sessions_key_id ON sessions (key_id);
CREATE INDEX ix_sessions_earlier_hash ON sessions (earlier_hash);

CREATE TABLE processes (
    id VARCHAR(40) NOT NULL, host VARCHAR(255) NOT NULL, pid BIGINT NOT NULL, roles VARCHAR(80) NOT NULL,
    troubles TEXT NOT NULL, started_at BIGINT NOT NULL, seen_at BIGINT NOT NULL, key_id SMALLINT,
    CONSTRAINT pk_processes PRIMARY KEY (id)
);

CREATE TABLE audit_entries (
    id BIGSERIAL, seq BIGINT, hash BYTEA, at BIGINT NOT NULL, station_id BIGINT, actor_kind VARCHAR(10) NOT NULL,
    actor_id BIGINT, origin VARCHAR(50) NOT NULL, action VARCHAR(30) NOT NULL, about BIGINT, params TEXT NOT NULL,
    note BYTEA,
    CONSTRAINT pk_audit_entries PRIMARY KEY (id),
    CONSTRAINT uq_audit_entries_seq UNIQUE (seq)
);
CREATE INDEX ix_audit_entries_station_id_id ON audit_entries (station_id, id);
CREATE INDEX ix_audit_entries_waiting ON audit_entries (id) WHERE seq IS NULL;
CREATE INDEX ix_audit_entries_action_at ON audit_entries (action, at);
CREATE INDEX ix_audit_entries_actor_id_id ON audit_entries (actor_id, id);

CREATE TABLE audit_notes (
    entry_id INT8 NOT NULL, sealed BYTEA NOT NULL,
    CONSTRAINT pk_audit_notes PRIMARY KEY (entry_id),
    CONSTRAINT fk_audit_notes_entry_id_audit_entries FOREIGN KEY (entry_id)
        REFERENCES audit_entries (id) ON DELETE CASCADE
);

CREATE TABLE audit_segments (
    last_seq BIGINT NOT NULL, first_seq BIGINT NOT NULL, month VARCHAR(7) NOT NULL, hash BYTEA NOT NULL,
    CONSTRAINT pk_audit_segments PRIMARY KEY (last_seq)
);

CREATE TABLE approval_rules (
    station_id INT8 NOT NULL, severity VARCHAR(10), reach INTEGER, radius_m FLOAT, training BOOLEAN NOT NULL,
    CONSTRAINT pk_approval_rules PRIMARY KEY (station_id),
    CONSTRAINT fk_approval_rules_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE approvals (
    id BIGINT NOT NULL, station_id INT8 NOT NULL, token VARCHAR(20) NOT NULL, author BIGINT NOT NULL,
    editor BIGINT NOT NULL, message JSON NOT NULL, audience JSON NOT NULL, msg_type VARCHAR(10) NOT NULL,
    "references" JSON NOT NULL, expires_at BIGINT NOT NULL, onset_at BIGINT, idempotency_key VARCHAR(200),
    request_hash BYTEA, state VARCHAR(10) NOT NULL, asked_at BIGINT NOT NULL, decided_by BIGINT, decided_at BIGINT,
    why BYTEA, told_at BIGINT, replaces BIGINT, silent BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT pk_approvals PRIMARY KEY (id),
    CONSTRAINT uq_approvals_station_id_idempotency_key UNIQUE (station_id, idempotency_key),
    CONSTRAINT fk_approvals_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_approvals_station_id_state ON approvals (station_id, state);
CREATE INDEX ix_approvals_untold ON approvals (id) WHERE told_at IS NULL;
CREATE INDEX ix_approvals_replaces ON approvals (replaces) WHERE replaces IS NOT NULL;
