-- The record of Vigil: append-only. One row for each event, in order of seq.
-- kind numbers are those of include/vigil/event.h; times are nanoseconds.
CREATE TABLE boot (
    id             INTEGER PRIMARY KEY,
    boot_id        TEXT    NOT NULL,
    started_utc_ns INTEGER NOT NULL,
    version        TEXT    NOT NULL
) STRICT;

CREATE TABLE event (
    seq         INTEGER PRIMARY KEY,
    boot        INTEGER NOT NULL REFERENCES boot (id),
    mono_ns     INTEGER NOT NULL,
    utc_ns      INTEGER NOT NULL,
    clock_state INTEGER NOT NULL CHECK (clock_state IN (0, 1)),
    kind        INTEGER NOT NULL,
    flags       INTEGER NOT NULL,
    bed         TEXT,
    device      TEXT,
    session     INTEGER NOT NULL,
    operator    TEXT,
    request_id  TEXT,
    vital       INTEGER,
    value_milli INTEGER,
    quality     INTEGER,
    -- JSON; of a wave its samples, of a reading its age in ns when it had one.
    payload     ANY,
    -- SHA-256 (hash of the row before || session || SHA-256 of this row); see lib/chain.h.
    hash        BLOB
) STRICT;

-- What the node stands for: a signature over a place in the chain.
CREATE TABLE checkpoint (
    seq        INTEGER PRIMARY KEY,
    rows       INTEGER NOT NULL, -- rows up to seq
    hash       BLOB    NOT NULL, -- of row seq; zeros: the rows up to seq are older than the chain
    utc_ns     INTEGER NOT NULL,
    public_key BLOB,             -- Ed25519; NULL: there was no usable key
    signature  BLOB
) STRICT;

-- Session protocols as they were, by the SHA-256 of their text.
CREATE TABLE protocol (
    hash      TEXT    PRIMARY KEY,
    id        TEXT    NOT NULL,
    text      TEXT    NOT NULL,
    first_seq INTEGER NOT NULL -- the row whose digest covers this one
) STRICT;

-- The last guarantee that a command is recorded once on its bed, whatever happened before.
CREATE UNIQUE INDEX event_request ON event (bed, request_id) WHERE request_id IS NOT NULL;
-- What replay and the review of a session read. Ranges, not IN: SQLite would build the list anew for
-- every row. A query uses such an index only if it says the same range.
CREATE INDEX event_story ON event (seq) WHERE kind > 5 AND kind <> 12;
CREATE INDEX event_session ON event (session, seq) WHERE kind >= 7 AND kind <= 8;
CREATE INDEX event_start ON event (seq) WHERE kind = 14;
CREATE INDEX event_plan ON event (session, seq) WHERE kind >= 21 AND kind <= 23;
CREATE INDEX event_cuff ON event (seq) WHERE kind = 6;
CREATE INDEX event_nibp ON event (session, seq) WHERE kind = 2;

CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE (ABORT, 'the record is append-only: a correction is a new row'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE (ABORT, 'the record is append-only: rows are never removed'); END;
CREATE TRIGGER boot_no_update BEFORE UPDATE ON boot
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER boot_no_delete BEFORE DELETE ON boot
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;

CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER protocol_no_update BEFORE UPDATE ON protocol
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;
CREATE TRIGGER protocol_no_delete BEFORE DELETE ON protocol
BEGIN SELECT RAISE (ABORT, 'the record is append-only'); END;

CREATE VIEW reading AS
SELECT seq, utc_ns, mono_ns, bed, device, session,
       CASE vital WHEN 0 THEN 'spo2' WHEN 1 THEN 'pulse_rate' WHEN 2 THEN 'perfusion_index'
                  WHEN 4 THEN 'nibp_sys' WHEN 5 THEN 'nibp_dia' WHEN 6 THEN 'nibp_mean'
                  WHEN 7 THEN 'nibp_pulse_rate' WHEN 8 THEN 'cuff_pressure' END AS vital,
       value_milli,
       CASE quality WHEN 0 THEN 'ok' WHEN 1 THEN 'questionable' WHEN 2 THEN 'invalid'
                    ELSE 'unavailable' END AS quality,
       (flags & 1) AS test
FROM event WHERE kind = 1;

CREATE VIEW nibp AS
SELECT seq, utc_ns, mono_ns, bed, device, session, payload ->> 'error' AS error,
       payload ->> 'sys' AS sys_mmhg, payload ->> 'dia' AS dia_mmhg,
       payload ->> 'mean' AS mean_mmhg, payload ->> 'pulse_rate' AS pulse_rate,
       payload ->> 'native_code' AS native_code, (flags & 1) AS test
FROM event WHERE kind = 2;

CREATE VIEW wave AS
SELECT seq, utc_ns, mono_ns, bed, device, session, vital, value_milli AS rate_millihz,
       quality AS width_bytes, payload AS samples, (flags & 1) AS test
FROM event WHERE kind = 3;

CREATE VIEW device_state AS
SELECT seq, utc_ns, mono_ns, bed, device, payload ->> 'state' AS state, payload ->> 'was' AS was,
       payload ->> 'cause' AS cause
FROM event WHERE kind = 4;

CREATE VIEW session AS
SELECT seq, utc_ns, mono_ns, bed, session, operator, request_id, payload ->> 'event' AS move,
       payload ->> 'patient_ref' AS patient_ref, payload ->> 'reason' AS reason,
       (flags & 1) AS test
FROM event WHERE kind = 7;

-- One row for each thing said of a dose: a correction ('amend', 'void') names the row it is of.
CREATE VIEW dose AS
SELECT seq, utc_ns AS recorded_utc_ns, mono_ns, bed, session, operator, request_id,
       coalesce (payload ->> 'event', 'given') AS event, payload ->> 'target' AS target,
       payload ->> 'kind' AS kind, payload ->> 'drug' AS drug,
       payload ->> 'amount_ug' AS amount_ug, payload ->> 'rate_ug_h' AS rate_ug_h,
       payload ->> 'route' AS route, payload ->> 'given_at' AS given_at
FROM event WHERE kind = 8;

CREATE VIEW alarm AS
SELECT seq, utc_ns, mono_ns, bed, device, session, payload ->> 'alarm' AS condition,
       payload ->> 'instance' AS instance, payload ->> 'event' AS event,
       payload ->> 'was' AS was, payload ->> 'state' AS state,
       payload ->> 'priority' AS priority, payload ->> 'value_milli' AS value_milli,
       payload ->> 'limit_milli' AS limit_milli, payload ->> 'ack' AS ack,
       payload ->> 'row' AS machine_row, operator, (flags & 1) AS test
FROM event WHERE kind = 11;

CREATE VIEW clock_step AS
SELECT seq, utc_ns, mono_ns, payload ->> 'step_ms' AS step_ms FROM event WHERE kind = 13;

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
