CREATE TABLE public.bare (LIKE log.event INCLUDING ALL)
