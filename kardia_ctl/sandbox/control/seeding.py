"""Fills an account with invented people, some of them connected and with recordings; repeatable by seed."""

import sqlite3
from collections.abc import Iterator
from random import Random

from kardia_ctl.sandbox.account import ecg_recordings as recordings
from kardia_ctl.sandbox.account import ledger
from kardia_ctl.sandbox.account import patient_table as patient_rows
from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.ecg_recordings import Draft, New
from kardia_ctl.sandbox.account.timeline import MICRO
from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import Patient, Status

_SPAN = 60 * 86_400 * MICRO
_OFFSETS = (-480, -300, 0, 60, 330)
_KINDS = (
    ("normal", 55, 95),
    ("normal", 55, 95),
    ("normal", 55, 95),
    ("afib", 70, 130),
    ("bradycardia", 38, 49),
    ("tachycardia", 101, 140),
    ("sinus_rhythm,multiple_pvcs", 60, 90),
    ("unreadable", 60, 90),
)
_NOTES = ("", "", "Drank coffee, having palpitations.", "After the stairs.", "Felt fine.")
_TAGS = ("Low sleep", "At doctors office", "Coffee")


def seed(account: Account, count: int, number: int = 0) -> int:
    """Add `count` invented patients and return how many recordings came with them.

    Of four, two are connected and have recordings of the last 60 days, one has a code that nobody redeemed
    yet, one has nothing. Equal arguments on an equal account give equal people, ids included. No callback
    hears of what is told here.
    """
    with account.writing() as db:
        first = db.execute("SELECT COALESCE(MAX(seq), 0) FROM patients").fetchone()[0]
        account.seed_patients(count, number + 1_000_003 * first)
        random = Random(f"seeding/{number}/{first}")  # noqa: S311 - repeatable on purpose
        made: list[New] = []
        for place, patient in enumerate(patient_rows.since(db, first)):
            if place % 4 < 3:
                _connect(db, patient, random, account.micros(), redeemed=place % 4 < 2)
            if place % 4 < 2:
                made += _recorded(patient, random, account.micros())
        recordings.insert(db, sorted(made, key=lambda one: one.recorded))
        return len(made)


def _connect(db: sqlite3.Connection, patient: Patient, random: Random, now: int, *, redeemed: bool) -> None:
    templates = ledger.templates(db)
    code = invented.random_code(random)
    if templates:
        ledger.mint(db, code, patient.id, templates[0].id, now)
    if templates and redeemed:
        db.execute("INSERT INTO redemptions VALUES (?, ?)", (code, now))
    patient_rows.set_status(db, patient.id, Status.CONNECTED if redeemed else Status.PENDING)
    fields = [
        {"id": invented.random_id(random), "fieldName": name, "displayName": display, "fieldValue": value}
        for name, display, value in (
            ("steps", "STEPS", str(random.randrange(12_000))),
            ("emergencyContact", "EMERGENCY CONTACT", "nobody@example.com"),
        )
    ]
    patient_rows.set_custom_fields(db, patient.id, fields)


def _recorded(patient: Patient, random: Random, now: int) -> Iterator[New]:
    offset = random.choice(_OFFSETS)
    for place in range(random.randrange(1, 5)):
        at = now - random.randrange(_SPAN)
        determination, least, most = random.choice(_KINDS)
        draft = Draft(
            patient_id=patient.id,
            heart_rate=random.randrange(least, most + 1),
            determination=determination,
            note=random.choice(_NOTES),
            tags=tuple(random.sample(_TAGS, random.randrange(3))),
            symptoms=tuple(random.sample(invented.SYMPTOMS, random.randrange(3))),
            activities=tuple(random.sample(invented.ACTIVITIES, random.randrange(2))),
            leads=random.choice((1, 6)),
            screening=place == 3,
            offset_minutes=offset,
            seed=random.getrandbits(32),
        )
        yield New(invented.random_id(random), at, at, draft)
