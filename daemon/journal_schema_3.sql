-- From version 2: the alarm log is read by its own index, and has views.
DROP INDEX event_decision;
CREATE INDEX event_story ON event (seq) WHERE kind > 5 AND kind <> 12;

CREATE VIEW inhibition AS
SELECT seq, utc_ns, mono_ns, bed, session, payload ->> 'scope' AS scope,
       payload ->> 'was' AS was, payload ->> 'state' AS state, payload ->> 'reason' AS reason,
       operator
FROM event WHERE kind = 16 AND payload ->> 'event' = 'moved';

CREATE VIEW limit_change AS
SELECT seq, utc_ns, mono_ns, bed, session, payload ->> 'condition' AS condition,
       payload ->> 'cause' AS cause, payload ->> 'old_milli' AS old_milli,
       payload ->> 'limit_milli' AS limit_milli, operator
FROM event WHERE kind = 18;

CREATE VIEW route AS
SELECT seq, utc_ns, mono_ns, bed, session, payload ->> 'alarm' AS condition,
       payload ->> 'instance' AS instance, payload ->> 'event' AS event,
       payload ->> 'was' AS was, payload ->> 'route' AS route, payload ->> 'sink' AS sink
FROM event WHERE kind = 19;
