-- Signing in: whose link it is, when a session was used last, when a key was, and who came in or was turned away. Only ids,
-- digests, moments and words of the program: nothing here is personal.

-- A link lasts an hour, and whose the older ones are is not known: they are worth nothing from now on.
DELETE FROM access.sign_in_link;

ALTER TABLE access.sign_in_link
    ADD COLUMN member_id uuid        NOT NULL,
    ADD COLUMN made_at   timestamptz NOT NULL DEFAULT clock_timestamp();

ALTER TABLE access.session
    ADD COLUMN opened_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp();

CREATE INDEX session_by_member ON access.session (member_id);

-- To the hour: enough to see which keys nobody needs any more, and no diary of what a program does.
CREATE TABLE access.key_use (
    key_id       uuid        PRIMARY KEY,
    last_used_at timestamptz NOT NULL
);

-- Every sign-in and sign-out; of those who are turned away one a minute for each way, outcome and known actor.
CREATE TABLE access.sign_in (
    attempt_id   uuid        PRIMARY KEY,
    attempted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    way          text        NOT NULL,
    outcome      text        NOT NULL,
    actor_id     uuid
);

CREATE INDEX sign_in_by_moment ON access.sign_in (attempted_at);

CREATE TRIGGER sign_in_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access.sign_in
    FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_change();
