-- Access: the installation's secret, and the console's one-time links and sessions; all kept as digests only.

CREATE SCHEMA access;

-- One row: with which secret this installation's digests and derived ids are made.
CREATE TABLE access.installation (
    only_one           boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    secret_fingerprint bytea   NOT NULL
);

CREATE TABLE access.sign_in_link (
    token_digest bytea       PRIMARY KEY,
    expires_at   timestamptz NOT NULL
);

CREATE TABLE access.session (
    token_digest bytea       PRIMARY KEY,
    member_id    uuid        NOT NULL,
    expires_at   timestamptz NOT NULL
);
