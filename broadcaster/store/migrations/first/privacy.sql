CREATE TABLE suppressions (
    mark BYTEA NOT NULL, station_id BIGINT NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_suppressions PRIMARY KEY (mark, station_id)
);

CREATE TABLE erasures (
    id BIGSERIAL CONSTRAINT pk_erasures PRIMARY KEY, person BYTEA NOT NULL, station_id BIGINT, way SMALLINT NOT NULL,
    whole BOOLEAN NOT NULL, at BIGINT NOT NULL
);
CREATE INDEX ix_erasures_station_id ON erasures (station_id, id);

CREATE TABLE lasting_keys (
    use VARCHAR(20) NOT NULL, sealed BYTEA NOT NULL,
    CONSTRAINT pk_lasting_keys PRIMARY KEY (use)
);

CREATE TABLE enforcements (
    kind VARCHAR(20) NOT NULL, at BIGINT NOT NULL, removed BIGINT NOT NULL, removed_at BIGINT, known_at BIGINT,
    CONSTRAINT pk_enforcements PRIMARY KEY (kind)
);
