CREATE TABLE contact_person (
    customer_id uuid        NOT NULL,
    person_id   uuid        NOT NULL,
    name        text,
    role        text,
    valid_from  date,
    valid_to    date,
    added_at    timestamptz NOT NULL,
    removed_at  timestamptz,
    position    bigint      NOT NULL,
    PRIMARY KEY (customer_id, person_id)
);

CREATE INDEX contact_person_by_id ON contact_person (person_id);
