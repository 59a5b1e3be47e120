-- Who may look at the console: one-time links and the sessions they open, both kept as digests only.

CREATE SCHEMA access;

CREATE TABLE access.sign_in_link (
    token_digest bytea       PRIMARY KEY,
    expires_at   timestamptz NOT NULL
);

CREATE TABLE access.session (
    token_digest bytea       PRIMARY KEY,
    member_id    uuid        NOT NULL,
    expires_at   timestamptz NOT NULL
);
