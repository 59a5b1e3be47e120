UPDATE replay.checkpoint AS c
SET source = known.source
FROM jsonb_to_recordset(%(sources)s) AS known (definition text, source jsonb)
WHERE c.source IS NULL
    AND c.definition = known.definition
