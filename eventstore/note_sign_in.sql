INSERT INTO access.sign_in (attempt_id, way, outcome, actor_id)
VALUES (%(attempt_id)s, %(way)s, %(outcome)s, %(actor_id)s)
-- the same refusal within the same minute
ON CONFLICT (attempt_id) DO NOTHING
