-- Requests to forget are few; the partial index keeps them at hand.
CREATE INDEX event_of_forgetting_request ON log.event (customer_id, position)
    WHERE type = 'customer.forgetting_requested';
