CREATE TABLE answers (
    alert_id BIGINT NOT NULL, subscriber_id BIGINT NOT NULL, choice SMALLINT NOT NULL, way SMALLINT NOT NULL,
    given_by BIGINT NOT NULL, at BIGINT NOT NULL, guardian SMALLINT,
    CONSTRAINT pk_answers PRIMARY KEY (alert_id, subscriber_id)
);

CREATE TABLE help_requests (
    id BIGSERIAL CONSTRAINT pk_help_requests PRIMARY KEY, alert_id BIGINT NOT NULL, station_id INT8 NOT NULL,
    subscriber_id BIGINT NOT NULL, sealed BYTEA, asked_at BIGINT NOT NULL, told_at BIGINT, taken_at BIGINT,
    taken_by BIGINT, closed_at BIGINT, closed_by BIGINT, called_at BIGINT,
    CONSTRAINT fk_help_requests_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_help_requests_alert_id ON help_requests (alert_id);
CREATE INDEX ix_help_requests_open ON help_requests (station_id, id) WHERE closed_at IS NULL;

CREATE TABLE help_duties (
    station_id INT8 NOT NULL, key_id BIGINT NOT NULL, until BIGINT NOT NULL,
    CONSTRAINT pk_help_duties PRIMARY KEY (station_id, key_id),
    CONSTRAINT fk_help_duties_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE inbox_messages (
    id BIGSERIAL CONSTRAINT pk_inbox_messages PRIMARY KEY, station_id INT8 NOT NULL, sender BYTEA NOT NULL,
    same BYTEA NOT NULL, sealed BYTEA NOT NULL, at BIGINT NOT NULL, read_by BIGINT,
    CONSTRAINT fk_inbox_messages_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_inbox_messages_station_id_id ON inbox_messages (station_id, id);
CREATE INDEX ix_inbox_messages_at ON inbox_messages (at);

CREATE TABLE duty_weeks (
    station_id INT8 NOT NULL, operator_id INT8 NOT NULL, week VARCHAR(8) NOT NULL, since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    CONSTRAINT pk_duty_weeks PRIMARY KEY (station_id, week, operator_id),
    CONSTRAINT fk_duty_weeks_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE,
    CONSTRAINT fk_duty_weeks_operator_id_operators FOREIGN KEY (operator_id) REFERENCES operators (id) ON DELETE CASCADE
);

CREATE TABLE volunteers (
    id BIGINT NOT NULL, alert_id BIGINT NOT NULL, station_id INT8 NOT NULL, sealed BYTEA NOT NULL,
    unconfirmed BOOLEAN NOT NULL, added_at BIGINT NOT NULL, revoked_at BIGINT, confirmation_id BIGINT, session BYTEA,
    session_until BIGINT,
    CONSTRAINT pk_volunteers PRIMARY KEY (id),
    CONSTRAINT fk_volunteers_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_volunteers_alert_id ON volunteers (alert_id);
CREATE INDEX ix_volunteers_added_at ON volunteers (added_at);

CREATE TABLE visits (
    alert_id BIGINT NOT NULL, subscriber_id BIGINT NOT NULL, finding SMALLINT NOT NULL, volunteer_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT pk_visits PRIMARY KEY (alert_id, subscriber_id)
);
