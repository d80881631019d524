CREATE TABLE alert_counts (
    alert_id BIGINT NOT NULL, subject VARCHAR(10) NOT NULL, state SMALLINT NOT NULL, n INTEGER NOT NULL,
    CONSTRAINT pk_alert_counts PRIMARY KEY (alert_id, subject, state)
);

CREATE TABLE alert_latencies (
    alert_id BIGINT NOT NULL, measure VARCHAR(10) NOT NULL, bucket SMALLINT NOT NULL, n INTEGER NOT NULL,
    CONSTRAINT pk_alert_latencies PRIMARY KEY (alert_id, measure, bucket)
);

CREATE TABLE batches (
    id BIGINT NOT NULL, alert_id BIGINT NOT NULL, channel SMALLINT NOT NULL, rank SMALLINT NOT NULL,
    size INTEGER NOT NULL, done BOOLEAN NOT NULL, due_at BIGINT NOT NULL, lease_owner VARCHAR(40), lease_until BIGINT,
    "by" VARCHAR(40), again BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT pk_batches PRIMARY KEY (id)
);
CREATE INDEX ix_batches_alert_id ON batches (alert_id);
CREATE INDEX ix_batches_unfinished ON batches (due_at) WHERE done IS false;

CREATE TABLE deliveries (
    id BIGSERIAL, alert_id BIGINT NOT NULL, subscriber_id BIGINT NOT NULL, contact_id BIGINT NOT NULL,
    channel SMALLINT NOT NULL, batch_id BIGINT NOT NULL, state SMALLINT NOT NULL, attempts SMALLINT NOT NULL,
    next_attempt_at BIGINT, provider_id VARCHAR(200), code VARCHAR(60), created_at BIGINT NOT NULL, accepted_at BIGINT,
    delivered_at BIGINT, displayed_at BIGINT, opened_at BIGINT, acknowledged_at BIGINT, ended_at BIGINT,
    reason VARCHAR(20), maybe_sent BOOLEAN NOT NULL DEFAULT false, provider VARCHAR(40),
    CONSTRAINT pk_deliveries PRIMARY KEY (id),
    CONSTRAINT uq_deliveries_alert_id_contact_id UNIQUE (alert_id, contact_id)
);
CREATE INDEX ix_deliveries_batch_id ON deliveries (batch_id);
CREATE INDEX ix_deliveries_sms ON deliveries (provider_id) WHERE channel = 1;
CREATE INDEX ix_deliveries_pages ON deliveries (alert_id, id) WHERE id > 0;
CREATE INDEX ix_deliveries_maybe ON deliveries (alert_id) WHERE maybe_sent = true;

CREATE TABLE outbox (
    id BIGSERIAL CONSTRAINT pk_outbox PRIMARY KEY, topic VARCHAR(40) NOT NULL, ref VARCHAR(40) NOT NULL,
    rank SMALLINT NOT NULL
);

CREATE TABLE recipients (
    alert_id BIGINT NOT NULL, subscriber_id BIGINT NOT NULL, state SMALLINT NOT NULL, pending SMALLINT NOT NULL,
    held SMALLINT NOT NULL, why VARCHAR(200) NOT NULL, since_at BIGINT NOT NULL, accepted_at BIGINT,
    delivered_at BIGINT, unconfirmed BOOLEAN NOT NULL DEFAULT false, reasons TEXT NOT NULL DEFAULT '',
    wait_until BIGINT, next_round SMALLINT, enough SMALLINT,
    CONSTRAINT pk_recipients PRIMARY KEY (alert_id, subscriber_id)
) /* WITHOUT ROWID */;
CREATE INDEX ix_recipients_wait_until ON recipients (wait_until) WHERE wait_until IS NOT NULL;

CREATE TABLE sandbox_messages (
    id BIGSERIAL, alert_id BIGINT NOT NULL, delivery_id BIGINT NOT NULL, channel SMALLINT NOT NULL,
    sealed BYTEA NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_sandbox_messages PRIMARY KEY (id)
);
CREATE INDEX ix_sandbox_messages_alert_id_id ON sandbox_messages (alert_id, id);

CREATE TABLE shares (
    alert_id BIGINT NOT NULL, contact_id BIGINT NOT NULL, subscriber_id BIGINT NOT NULL,
    CONSTRAINT pk_shares PRIMARY KEY (alert_id, contact_id, subscriber_id)
);

CREATE TABLE alerts (
    id BIGINT NOT NULL, token VARCHAR(16) NOT NULL, station_id INT8 NOT NULL, msg_type VARCHAR(10) NOT NULL,
    status VARCHAR(10) NOT NULL, severity VARCHAR(10) NOT NULL, urgency VARCHAR(10) NOT NULL,
    certainty VARCHAR(10) NOT NULL, category VARCHAR(10) NOT NULL, event VARCHAR(100) NOT NULL, texts JSON NOT NULL,
    area JSON, audience JSON NOT NULL, channels JSON NOT NULL, sandbox JSON NOT NULL, "references" JSON NOT NULL,
    rank SMALLINT NOT NULL, sent_at BIGINT NOT NULL, onset_at BIGINT, expires_at BIGINT NOT NULL,
    state VARCHAR(10) NOT NULL, lease_owner VARCHAR(40), lease_until BIGINT, resolved_at BIGINT, finished_at BIGINT,
    cancelled_at BIGINT, key_id INT8, idempotency_key VARCHAR(200), request_hash BYTEA, topic VARCHAR(40),
    wakes BOOLEAN NOT NULL DEFAULT false, places JSON, policy JSON, stopped_at BIGINT, prepared JSON, role VARCHAR(10),
    thread_id BIGINT, followed_by BIGINT, silent BOOLEAN NOT NULL DEFAULT false, quietly BOOLEAN NOT NULL DEFAULT false,
    forgotten_at BIGINT, own_policy JSON, figures JSON,
    CONSTRAINT pk_alerts PRIMARY KEY (id),
    CONSTRAINT uq_alerts_station_id_idempotency_key UNIQUE (station_id, idempotency_key),
    CONSTRAINT uq_alerts_token UNIQUE (token),
    CONSTRAINT fk_alerts_station_id FOREIGN KEY (station_id) REFERENCES stations (id) ON DELETE CASCADE
);
CREATE INDEX ix_alerts_state_expires_at ON alerts (state, expires_at);
CREATE INDEX ix_alerts_station_id_id ON alerts (station_id, id);
CREATE INDEX ix_alerts_thread_id ON alerts (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE contact_refusals (
    contact_id INT8 NOT NULL, alert_id BIGINT NOT NULL, keeper BYTEA NOT NULL, blame SMALLINT NOT NULL,
    answer VARCHAR(60) NOT NULL, code VARCHAR(60) NOT NULL, state SMALLINT NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_contact_refusals PRIMARY KEY (contact_id, alert_id),
    CONSTRAINT fk_contact_refusals_contact_id_contacts FOREIGN KEY (contact_id)
        REFERENCES contacts (id) ON DELETE CASCADE
);
CREATE INDEX ix_contact_refusals_alert_id ON contact_refusals (alert_id);

CREATE TABLE keeper_answers (
    alert_id BIGINT NOT NULL, keeper BYTEA NOT NULL, channel SMALLINT NOT NULL, sealed BYTEA NOT NULL,
    asked INTEGER NOT NULL, refused INTEGER NOT NULL, code VARCHAR(60) NOT NULL, at BIGINT NOT NULL,
    CONSTRAINT pk_keeper_answers PRIMARY KEY (alert_id, keeper)
);
CREATE INDEX ix_keeper_answers_at ON keeper_answers (at) WHERE refused > 0;

CREATE TABLE escalations (
    id BIGINT NOT NULL, alert_id BIGINT NOT NULL, round SMALLINT NOT NULL, rank SMALLINT NOT NULL, people JSON NOT NULL,
    began_at BIGINT NOT NULL, due_at BIGINT NOT NULL, state SMALLINT NOT NULL,
    CONSTRAINT pk_escalations PRIMARY KEY (id)
);
CREATE INDEX ix_escalations_alert_id ON escalations (alert_id);
CREATE INDEX ix_escalations_open ON escalations (due_at) WHERE state < 2;
