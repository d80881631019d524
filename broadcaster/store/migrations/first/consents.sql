CREATE TABLE consent_texts (
    id BIGSERIAL CONSTRAINT pk_consent_texts PRIMARY KEY, hash BYTEA NOT NULL, version VARCHAR(20) NOT NULL,
    text TEXT NOT NULL,
    CONSTRAINT uq_consent_texts_hash UNIQUE (hash)
);

CREATE TABLE consents (
    id BIGSERIAL CONSTRAINT pk_consents PRIMARY KEY, subscriber_id INT8, station_id INT8, contact_id BIGINT,
    channel SMALLINT, way SMALLINT NOT NULL, given BOOLEAN NOT NULL, text_id INT8, key_id BIGINT, at BIGINT NOT NULL,
    CONSTRAINT fk_consents_subscriber_id_subscribers FOREIGN KEY (subscriber_id)
        REFERENCES subscribers (id) ON DELETE CASCADE,
    CONSTRAINT fk_consents_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE,
    CONSTRAINT fk_consents_text_id_consent_texts FOREIGN KEY (text_id) REFERENCES consent_texts (id)
);
CREATE INDEX ix_consents_subscriber_id ON consents (subscriber_id);
