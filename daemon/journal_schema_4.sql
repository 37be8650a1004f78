-- From version 3: rows are chained by hash and the chain is signed; protocols are kept with the record.
-- Rows that were here before have no hash; the first checkpoint says where they end.
ALTER TABLE event ADD COLUMN hash BLOB;

CREATE TABLE checkpoint (
    seq        INTEGER PRIMARY KEY,
    rows       INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    utc_ns     INTEGER NOT NULL,
    public_key BLOB,
    signature  BLOB
) STRICT;

CREATE TABLE protocol (
    hash      TEXT    PRIMARY KEY,
    id        TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    first_seq INTEGER NOT NULL
) STRICT;

CREATE INDEX event_plan ON event (session, seq) WHERE kind >= 21 AND kind <= 23;
CREATE INDEX event_cuff ON event (seq) WHERE kind = 6;
CREATE INDEX event_nibp ON event (session, seq) WHERE kind = 2;

DROP VIEW dose;
CREATE VIEW dose AS
SELECT seq, utc_ns AS recorded_utc_ns, mono_ns, bed, session, operator, request_id,
       coalesce (payload ->> 'event', 'given') AS event, payload ->> 'target' AS target,
       payload ->> 'kind' AS kind, payload ->> 'drug' AS drug,
       payload ->> 'amount_ug' AS amount_ug, payload ->> 'rate_ug_h' AS rate_ug_h,
       payload ->> 'route' AS route, payload ->> 'given_at' AS given_at
FROM event WHERE kind = 8;

CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER protocol_no_update BEFORE UPDATE ON protocol
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER protocol_no_delete BEFORE DELETE ON protocol
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
