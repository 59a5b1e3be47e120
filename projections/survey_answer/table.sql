CREATE TABLE survey_answer (
    position    bigint      PRIMARY KEY,
    customer_id uuid        NOT NULL,
    person_id   uuid,
    ticket_id   uuid,
    survey      text        NOT NULL,
    score       integer     NOT NULL,
    comment     text,
    answered_at timestamptz NOT NULL
);

CREATE INDEX survey_answer_in_time ON survey_answer (survey, answered_at);
CREATE INDEX survey_answer_of_customer ON survey_answer (customer_id);
CREATE INDEX survey_answer_of_ticket ON survey_answer (ticket_id);
