CREATE TABLE operators (
    id INT8 NOT NULL, handle BYTEA NOT NULL, mail_mark BYTEA, mail BYTEA, admin BOOLEAN NOT NULL, password VARCHAR(200),
    totp BYTEA, totp_step BIGINT, phone BYTEA, openid_mark BYTEA,
    CONSTRAINT pk_operators PRIMARY KEY (id),
    CONSTRAINT uq_operators_handle UNIQUE (handle),
    CONSTRAINT uq_operators_mail_mark UNIQUE (mail_mark),
    CONSTRAINT fk_operators_id_api_keys FOREIGN KEY (id) REFERENCES api_keys (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_operators_openid_mark ON operators (openid_mark);

CREATE TABLE operator_roles (
    operator_id INT8 NOT NULL, station_id INT8 NOT NULL, role VARCHAR(10) NOT NULL,
    CONSTRAINT pk_operator_roles PRIMARY KEY (operator_id, station_id),
    CONSTRAINT fk_operator_roles_operator_id_operators FOREIGN KEY (operator_id)
        REFERENCES operators (id) ON DELETE CASCADE,
    CONSTRAINT fk_operator_roles_station_id_stations FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE passkeys (
    id BIGSERIAL, operator_id INT8 NOT NULL, hash BYTEA NOT NULL, credential BYTEA NOT NULL, public_key BYTEA NOT NULL,
    sign_count BIGINT NOT NULL, device VARCHAR(60) NOT NULL, made_at BIGINT NOT NULL, used_at BIGINT,
    CONSTRAINT pk_passkeys PRIMARY KEY (id),
    CONSTRAINT uq_passkeys_hash UNIQUE (hash),
    CONSTRAINT fk_passkeys_operator_id_operators FOREIGN KEY (operator_id) REFERENCES operators (id) ON DELETE CASCADE
);

CREATE TABLE recovery_codes (
    operator_id INT8 NOT NULL, hash BYTEA NOT NULL,
    CONSTRAINT pk_recovery_codes PRIMARY KEY (operator_id, hash),
    CONSTRAINT fk_recovery_codes_operator_id_operators FOREIGN KEY (operator_id)
        REFERENCES operators (id) ON DELETE CASCADE
);

CREATE TABLE operator_links (
    hash BYTEA NOT NULL, operator_id INT8 NOT NULL, ends_at BIGINT NOT NULL,
    CONSTRAINT pk_operator_links PRIMARY KEY (hash),
    CONSTRAINT fk_operator_links_operator_id_operators FOREIGN KEY (operator_id)
        REFERENCES operators (id) ON DELETE CASCADE
);

CREATE TABLE used_challenges (
    hash BYTEA NOT NULL, ends_at BIGINT NOT NULL,
    CONSTRAINT pk_used_challenges PRIMARY KEY (hash)
);

CREATE TABLE vulnerable_grants (
    operator_id INT8 NOT NULL, station_id INT8 NOT NULL,
    CONSTRAINT pk_vulnerable_grants PRIMARY KEY (operator_id, station_id),
    CONSTRAINT fk_vulnerable_grants_operator_id_operators FOREIGN KEY (operator_id)
        REFERENCES operators (id) ON DELETE CASCADE,
    CONSTRAINT fk_vulnerable_grants_station_id_stations FOREIGN KEY (station_id)
        REFERENCES stations (id) ON DELETE CASCADE
);

CREATE TABLE operator_pushes (
    id BIGSERIAL CONSTRAINT pk_operator_pushes PRIMARY KEY, operator_id INT8 NOT NULL, mark BYTEA NOT NULL,
    sealed BYTEA NOT NULL, device VARCHAR(60) NOT NULL, made_at BIGINT NOT NULL,
    CONSTRAINT uq_operator_pushes_mark UNIQUE (mark),
    CONSTRAINT fk_operator_pushes_operator_id_operators FOREIGN KEY (operator_id)
        REFERENCES operators (id) ON DELETE CASCADE
);
