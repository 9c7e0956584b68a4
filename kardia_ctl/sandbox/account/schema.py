"""The tables of an account."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS teams (id TEXT PRIMARY KEY, name TEXT NOT NULL, timezone TEXT NOT NULL,
    secret_key TEXT NOT NULL, created_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, seq INTEGER NOT NULL, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS logins (email TEXT PRIMARY KEY, password TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS templates (id TEXT PRIMARY KEY, team_id TEXT NOT NULL, name TEXT NOT NULL,
    duration INTEGER NOT NULL, price REAL NOT NULL);
CREATE TABLE IF NOT EXISTS callbacks (hook TEXT PRIMARY KEY, url TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS providers (team_id TEXT NOT NULL, provider_id TEXT NOT NULL,
    PRIMARY KEY (team_id, provider_id));
CREATE TABLE IF NOT EXISTS codes (seq INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE,
    patient_id TEXT NOT NULL, template_id TEXT NOT NULL, minted_at INTEGER NOT NULL, voided_at INTEGER);
CREATE UNIQUE INDEX IF NOT EXISTS one_valid_code ON codes (patient_id, template_id) WHERE voided_at IS NULL;
CREATE TABLE IF NOT EXISTS requests (seq INTEGER PRIMARY KEY, method TEXT NOT NULL, route TEXT NOT NULL,
    status INTEGER, at INTEGER NOT NULL, fault TEXT);
CREATE TABLE IF NOT EXISTS patients (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    mrn TEXT NOT NULL, dob TEXT NOT NULL, email TEXT NOT NULL, firstname TEXT, lastname TEXT, sex INTEGER,
    status TEXT NOT NULL CHECK (status IN ('none', 'pending', 'connected')),
    custom_fields TEXT NOT NULL DEFAULT '[]',
    created_at INTEGER NOT NULL, listed_at INTEGER NOT NULL, listed INTEGER NOT NULL, gone_at INTEGER,
    json TEXT NOT NULL GENERATED ALWAYS AS (json_patch('{}', json_object('id', id, 'mrn', mrn, 'dob', dob,
        'email', email, 'firstname', firstname, 'lastname', lastname, 'sex', sex, 'status', status))) STORED
);
CREATE INDEX IF NOT EXISTS patients_by_age ON patients (created_at DESC, seq DESC) WHERE listed;
CREATE INDEX IF NOT EXISTS patients_by_mrn ON patients (mrn);
CREATE INDEX IF NOT EXISTS patients_unlisted ON patients (listed_at) WHERE NOT listed;
CREATE INDEX IF NOT EXISTS patients_leaving ON patients (gone_at) WHERE gone_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS phones (patient_id TEXT PRIMARY KEY, phone TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exports (seq INTEGER PRIMARY KEY, patient_id TEXT NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS users (seq INTEGER PRIMARY KEY, email TEXT NOT NULL, country TEXT NOT NULL,
    token TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS redemptions (code TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS recordings (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    patient_id TEXT NOT NULL, screening INTEGER NOT NULL, recorded_at INTEGER NOT NULL,
    offset_minutes INTEGER NOT NULL, created_at INTEGER NOT NULL, duration INTEGER NOT NULL,
    heart_rate INTEGER NOT NULL, determination TEXT NOT NULL, note TEXT NOT NULL, tags TEXT NOT NULL,
    leads INTEGER NOT NULL, seed INTEGER NOT NULL, symptoms TEXT NOT NULL, activities TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS recordings_of_patient ON recordings (patient_id, recorded_at DESC, seq DESC);
CREATE INDEX IF NOT EXISTS recordings_by_age ON recordings (screening, recorded_at DESC, seq DESC);
CREATE TABLE IF NOT EXISTS measurements (id TEXT PRIMARY KEY, recording_id TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY, hook TEXT NOT NULL, event TEXT NOT NULL,
    body TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_by_time ON outbox (due, seq);
CREATE TABLE IF NOT EXISTS deliveries (seq INTEGER PRIMARY KEY AUTOINCREMENT, hook TEXT NOT NULL,
    event TEXT NOT NULL, status TEXT NOT NULL, created_at INTEGER NOT NULL, error TEXT);
CREATE TRIGGER IF NOT EXISTS records_leave AFTER DELETE ON patients BEGIN
    DELETE FROM measurements WHERE recording_id IN
        (SELECT id FROM recordings WHERE patient_id = old.id);
    DELETE FROM recordings WHERE patient_id = old.id;
    DELETE FROM phones WHERE patient_id = old.id;
END;
INSERT OR IGNORE INTO meta VALUES ('listed', 0);
CREATE TRIGGER IF NOT EXISTS listed_insert AFTER INSERT ON patients WHEN new.listed
    BEGIN UPDATE meta SET value = value + 1 WHERE name = 'listed'; END;
CREATE TRIGGER IF NOT EXISTS listed_delete AFTER DELETE ON patients WHEN old.listed
    BEGIN UPDATE meta SET value = value - 1 WHERE name = 'listed'; END;
CREATE TRIGGER IF NOT EXISTS listed_update AFTER UPDATE OF listed ON patients WHEN new.listed <> old.listed
    BEGIN UPDATE meta SET value = value + new.listed - old.listed WHERE name = 'listed'; END;
"""
"""Additions go into new tables, so that older files still open. SQLite generates `patients.json`, so the
texts that a page joins are never stale. Triggers maintain the count of listed patients, because counting
100,000 rows takes longer than reading a page, and delete a patient's records with the patient."""
