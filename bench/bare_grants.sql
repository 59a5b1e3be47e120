-- the bare route writes as the server's own role, in a database that is thrown away
GRANT INSERT ON public.bare TO PUBLIC;
GRANT USAGE ON SEQUENCE log.event_position TO PUBLIC
