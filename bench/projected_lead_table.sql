CREATE TABLE public.projected_lead (
    lead_id        uuid    PRIMARY KEY,
    version        integer NOT NULL,
    status         text    NOT NULL,
    title          text,
    source         text,
    pipeline       text,
    stage          text,
    owner_id       uuid,
    team           text,
    amount         numeric,
    currency       text,
    product_ids    text[]  NOT NULL,
    recycled_until date,
    merged_into    uuid
);

CREATE INDEX projected_lead_of_owner ON public.projected_lead (owner_id, status);
CREATE INDEX projected_lead_on_board ON public.projected_lead (pipeline, stage) WHERE status = 'open'
