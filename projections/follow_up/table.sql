CREATE TABLE follow_up (
    stream_id    uuid        NOT NULL,
    task_id      uuid        NOT NULL,
    stream_type  text        NOT NULL,
    customer_id  uuid        NOT NULL,
    position     bigint      NOT NULL,
    status       text        NOT NULL,
    what         text,
    due_at       timestamptz,
    assignee_id  uuid,
    about        text,
    scheduled_at timestamptz,
    done_at      timestamptz,
    outcome      text,
    PRIMARY KEY (stream_id, task_id)
);

CREATE INDEX follow_up_by_id ON follow_up (task_id);
CREATE INDEX follow_up_of_customer ON follow_up (customer_id);
CREATE INDEX follow_up_on_agenda ON follow_up (assignee_id, due_at) WHERE status = 'scheduled';
CREATE INDEX follow_up_due ON follow_up (due_at) WHERE status = 'scheduled';
CREATE INDEX follow_up_in_time ON follow_up (due_at);
