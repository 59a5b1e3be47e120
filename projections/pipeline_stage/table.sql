CREATE TABLE pipeline_stage (
    customer_id  uuid        NOT NULL,
    pipeline     text        NOT NULL,
    version      integer     NOT NULL,
    place        integer     NOT NULL,
    stage        text        NOT NULL,
    probability  numeric     NOT NULL,
    published_at timestamptz NOT NULL,
    is_current   boolean     NOT NULL,
    PRIMARY KEY (pipeline, version, place)
);
