CREATE TABLE polls (
    id BIGINT NOT NULL, token VARCHAR(16) NOT NULL, station_id INT8 NOT NULL, texts JSON NOT NULL,
    alert_id BIGINT NOT NULL, key_id BIGINT NOT NULL, closes_at BIGINT NOT NULL, closed_at BIGINT, entitled INTEGER,
    identity BOOLEAN,
    CONSTRAINT pk_polls PRIMARY KEY (id),
    CONSTRAINT uq_polls_token UNIQUE (token),
    CONSTRAINT fk_polls_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_polls_station_id_id ON polls (station_id, id);
CREATE INDEX ix_polls_alert_id ON polls (alert_id);
CREATE INDEX ix_polls_closed_at ON polls (closed_at) WHERE closed_at IS NOT NULL;

CREATE TABLE poll_voters (
    poll_id BIGINT NOT NULL, mark BYTEA NOT NULL,
    CONSTRAINT pk_poll_voters PRIMARY KEY (poll_id, mark),
    CONSTRAINT fk_poll_voters_poll_id_polls FOREIGN KEY (poll_id) REFERENCES polls (id) ON DELETE CASCADE
);

CREATE TABLE poll_ballots (
    poll_id BIGINT NOT NULL, "key" BYTEA NOT NULL, choice SMALLINT NOT NULL,
    CONSTRAINT pk_poll_ballots PRIMARY KEY (poll_id, "key"),
    CONSTRAINT fk_poll_ballots_poll_id_polls FOREIGN KEY (poll_id) REFERENCES polls (id) ON DELETE CASCADE
);

CREATE TABLE poll_pending (
    poll_id BIGINT NOT NULL, mark BYTEA NOT NULL, sealed BYTEA NOT NULL,
    CONSTRAINT pk_poll_pending PRIMARY KEY (poll_id, mark),
    CONSTRAINT fk_poll_pending_poll_id_polls FOREIGN KEY (poll_id) REFERENCES polls (id) ON DELETE CASCADE
);
