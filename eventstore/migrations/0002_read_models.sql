-- How far each read model has followed the log, and by which definition its rows were folded.

CREATE SCHEMA replay;

CREATE TABLE replay.checkpoint (
    projection text        PRIMARY KEY,
    definition text        NOT NULL,
    position   bigint      NOT NULL,
    rebuilt_at timestamptz NOT NULL
);
