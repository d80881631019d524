CREATE TABLE changes (
    seq BIGSERIAL CONSTRAINT pk_changes PRIMARY KEY, subscriber_id INT8 NOT NULL, fix BYTEA
);

CREATE TABLE contacts (
    id BIGSERIAL CONSTRAINT pk_contacts PRIMARY KEY, channel SMALLINT NOT NULL, fingerprint BYTEA NOT NULL,
    sealed BYTEA NOT NULL, status SMALLINT NOT NULL, status_code VARCHAR(60), status_at BIGINT,
    created_at BIGINT NOT NULL, told_at BIGINT,
    CONSTRAINT uq_contacts_channel_fingerprint UNIQUE (channel, fingerprint)
);
CREATE INDEX ix_contacts_gone ON contacts (id) WHERE status = 1;
CREATE INDEX ix_contacts_forgotten ON contacts (id) WHERE length(sealed) = 0;

CREATE TABLE cursors (
    name VARCHAR(40) NOT NULL, seq BIGINT NOT NULL,
    CONSTRAINT pk_cursors PRIMARY KEY (name)
);

CREATE TABLE subscribers (
    id BIGSERIAL CONSTRAINT pk_subscribers PRIMARY KEY, locale VARCHAR(12) NOT NULL, name BYTEA,
    token_hash BYTEA NOT NULL, created_at BIGINT NOT NULL, vulnerable BYTEA, paused_until BIGINT, forget_at BIGINT,
    unconfirmed_at BIGINT, unconfirmed_from BYTEA, quiet_from SMALLINT, quiet_to SMALLINT, zone VARCHAR(40),
    guardians BYTEA, active_at BIGINT, warned_at BIGINT, warnings SMALLINT,
    CONSTRAINT uq_subscribers_token_hash UNIQUE (token_hash)
);
CREATE INDEX ix_subscribers_paused_until ON subscribers (paused_until) WHERE paused_until IS NOT NULL;
CREATE INDEX ix_subscribers_forget_at ON subscribers (forget_at) WHERE forget_at IS NOT NULL;
CREATE INDEX ix_subscribers_unconfirmed_at ON subscribers (unconfirmed_at) WHERE unconfirmed_at IS NOT NULL;
CREATE INDEX ix_subscribers_warned_at ON subscribers (warned_at) WHERE warned_at IS NOT NULL;

CREATE TABLE follows (
    station_id INT8 NOT NULL, subscriber_id INT8 NOT NULL, external_mark BYTEA, external BYTEA, digest BYTEA,
    created_at BIGINT NOT NULL, registered SMALLINT, same_id_as INT8, least VARCHAR(10),
    CONSTRAINT pk_follows PRIMARY KEY (station_id, subscriber_id),
    CONSTRAINT uq_follows_station_id_external_mark UNIQUE (station_id, external_mark),
    CONSTRAINT fk_follows_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE,
    CONSTRAINT fk_follows_subscriber_id FOREIGN KEY (subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
CREATE INDEX ix_follows_subscriber_id ON follows (subscriber_id);

CREATE TABLE links (
    subscriber_id INT8 NOT NULL, contact_id INT8 NOT NULL, status SMALLINT NOT NULL, created_at BIGINT NOT NULL,
    guardian SMALLINT, consent_id INT8,
    CONSTRAINT pk_links PRIMARY KEY (subscriber_id, contact_id),
    CONSTRAINT fk_links_contact_id FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_links_subscriber_id FOREIGN KEY (subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
CREATE INDEX ix_links_contact_id ON links (contact_id);

CREATE TABLE opt_outs (
    station_id INT8 NOT NULL, contact_id INT8 NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_opt_outs PRIMARY KEY (station_id, contact_id),
    CONSTRAINT fk_opt_outs_contact_id FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE,
    CONSTRAINT fk_opt_outs_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_opt_outs_contact_id ON opt_outs (contact_id);

CREATE TABLE places (
    id BIGSERIAL CONSTRAINT pk_places PRIMARY KEY, subscriber_id INT8 NOT NULL, sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT fk_places_subscriber_id FOREIGN KEY (subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
CREATE INDEX ix_places_subscriber_id ON places (subscriber_id);

CREATE TABLE positions (
    subscriber_id INT8 NOT NULL, sealed BYTEA NOT NULL, accuracy_m FLOAT, at BIGINT NOT NULL, until BIGINT,
    CONSTRAINT pk_positions PRIMARY KEY (subscriber_id),
    CONSTRAINT fk_positions_subscriber_id FOREIGN KEY (subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
CREATE INDEX ix_positions_until ON positions (until) WHERE until IS NOT NULL;

CREATE TABLE memberships (
    group_id INT8 NOT NULL, subscriber_id INT8 NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (group_id, subscriber_id),
    CONSTRAINT fk_memberships_group_id FOREIGN KEY (group_id) REFERENCES groups (id) ON DELETE CASCADE,
    CONSTRAINT fk_memberships_subscriber_id FOREIGN KEY (subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
CREATE INDEX ix_memberships_subscriber_id ON memberships (subscriber_id);

CREATE TABLE confirmations (
    id BIGSERIAL CONSTRAINT pk_confirmations PRIMARY KEY, secret_hash BYTEA NOT NULL, station_id INT8 NOT NULL,
    subscriber_id INT8, channel SMALLINT NOT NULL, fingerprint BYTEA NOT NULL, caller BYTEA NOT NULL,
    code BYTEA NOT NULL, sealed BYTEA, tries SMALLINT NOT NULL, state SMALLINT NOT NULL, created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL, code_of INT8,
    CONSTRAINT uq_confirmations_secret_hash UNIQUE (secret_hash),
    CONSTRAINT fk_confirmations_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE,
    CONSTRAINT fk_confirmations_subscriber_id FOREIGN KEY (subscriber_id) REFERENCES subscribers (id) ON DELETE CASCADE
);
CREATE INDEX ix_confirmations_created_at ON confirmations (created_at);
CREATE INDEX ix_confirmations_subscriber_id ON confirmations (subscriber_id);

CREATE TABLE uploads (
    id BIGSERIAL CONSTRAINT pk_uploads PRIMARY KEY, hash BYTEA NOT NULL, station_id INT8 NOT NULL, key_id INT8 NOT NULL,
    state SMALLINT NOT NULL, size INTEGER NOT NULL, report BYTEA NOT NULL, busy_until BIGINT,
    expires_at BIGINT NOT NULL,
    CONSTRAINT uq_uploads_hash UNIQUE (hash),
    CONSTRAINT fk_uploads_key_id_api_keys FOREIGN KEY (key_id) REFERENCES api_keys (id) ON DELETE CASCADE,
    CONSTRAINT fk_uploads_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE upload_parts (
    upload_id INT8 NOT NULL, number INTEGER NOT NULL, sealed BYTEA NOT NULL,
    CONSTRAINT pk_upload_parts PRIMARY KEY (upload_id, number),
    CONSTRAINT fk_upload_parts_upload_id_uploads FOREIGN KEY (upload_id) REFERENCES uploads (id) ON DELETE CASCADE
);

CREATE TABLE welcomes (
    contact_id INT8 NOT NULL, tries SMALLINT NOT NULL, next_at BIGINT, created_at BIGINT NOT NULL,
    CONSTRAINT pk_welcomes PRIMARY KEY (contact_id),
    CONSTRAINT fk_welcomes_contact_id_contacts FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);
CREATE INDEX ix_welcomes_next_at ON welcomes (next_at);

CREATE TABLE signed_requests (
    id BIGSERIAL CONSTRAINT pk_signed_requests PRIMARY KEY, station_id INT8 NOT NULL, subscriber_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL, key_id BIGINT, signed_on VARCHAR(10) NOT NULL, sealed BYTEA NOT NULL,
    at BIGINT NOT NULL,
    CONSTRAINT fk_signed_requests_station_id_stations FOREIGN KEY (station_id)
        REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_signed_requests_subscriber_id ON signed_requests (subscriber_id);

CREATE TABLE addresses (
    station_id INT8 NOT NULL, subscriber_id INT8 NOT NULL, mark BYTEA NOT NULL, sealed BYTEA NOT NULL,
    state SMALLINT NOT NULL, score FLOAT, found BYTEA, tries SMALLINT NOT NULL, place_id INT8,
    CONSTRAINT pk_addresses PRIMARY KEY (station_id, subscriber_id),
    CONSTRAINT fk_addresses_place_id_places FOREIGN KEY (place_id) REFERENCES places (id) ON DELETE SET NULL,
    CONSTRAINT fk_addresses_station_id_follows FOREIGN KEY (station_id, subscriber_id)
        REFERENCES follows (station_id, subscriber_id) ON DELETE CASCADE
);
CREATE INDEX ix_addresses_state_station_id ON addresses (state, station_id, subscriber_id);
CREATE INDEX ix_addresses_subscriber_id ON addresses (subscriber_id);
CREATE INDEX ix_addresses_place_id ON addresses (place_id);

CREATE TABLE topic_choices (
    station_id INT8 NOT NULL, subscriber_id INT8 NOT NULL, topic VARCHAR(40) NOT NULL, choice SMALLINT NOT NULL,
    CONSTRAINT pk_topic_choices PRIMARY KEY (station_id, subscriber_id, topic),
    CONSTRAINT fk_topic_choices_station_id_follows FOREIGN KEY (station_id, subscriber_id)
        REFERENCES follows (station_id, subscriber_id) ON DELETE CASCADE
);

CREATE TABLE trials (
    id BIGSERIAL CONSTRAINT pk_trials PRIMARY KEY, subscriber_id INT8 NOT NULL, station_id INT8 NOT NULL,
    contact_id INT8 NOT NULL, channel SMALLINT NOT NULL, state SMALLINT NOT NULL, code VARCHAR(60),
    created_at BIGINT NOT NULL, answered_at BIGINT,
    CONSTRAINT fk_trials_subscriber_id_subscribers FOREIGN KEY (subscriber_id)
        REFERENCES subscribers (id) ON DELETE CASCADE,
    CONSTRAINT fk_trials_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE,
    CONSTRAINT fk_trials_contact_id_contacts FOREIGN KEY (contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);
CREATE INDEX ix_trials_subscriber_id ON trials (subscriber_id);
CREATE INDEX ix_trials_contact_id ON trials (contact_id);
CREATE INDEX ix_trials_created_at ON trials (created_at);

CREATE TABLE vulnerable_people (
    id BIGSERIAL CONSTRAINT pk_vulnerable_people PRIMARY KEY, station_id INT8 NOT NULL, sealed BYTEA NOT NULL,
    person_mark BYTEA, person BYTEA, asked_at BIGINT, letter_at BIGINT, confirmed_at BIGINT NOT NULL,
    CONSTRAINT uq_vulnerable_people_station_id_person_mark UNIQUE (station_id, person_mark),
    CONSTRAINT fk_vulnerable_people_station_id_stations FOREIGN KEY (station_id)
        REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_vulnerable_people_person_mark ON vulnerable_people (person_mark);

CREATE TABLE identities (
    subscriber_id INT8 NOT NULL, level SMALLINT NOT NULL, mark BYTEA, at BIGINT NOT NULL,
    CONSTRAINT pk_identities PRIMARY KEY (subscriber_id),
    CONSTRAINT fk_identities_subscriber_id_subscribers FOREIGN KEY (subscriber_id)
        REFERENCES subscribers (id) ON DELETE CASCADE
);
