"""Adds invented patients, some of them connected and with recordings; repeatable by seed."""

from collections.abc import Iterator
from random import Random

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.account.timeline import MICRO
from kardia_ctl.sandbox.data import invented
from kardia_ctl.sandbox.data.values import Patient, PatientStatus, Recording, RecordingFields

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
    """Add `count` invented patients, and return the number of recordings added with them.

    Of four patients, two are connected and have recordings of the last 60 days, one has an unused code, and
    one has nothing. Equal arguments on an equal account give equal patients, ids included. Sends no events.
    """
    with account.writing():
        first = account.patients.last_seq()
        account.patients.seed(count, number + 1_000_003 * first)
        random = Random(f"seeding/{number}/{first}")  # noqa: S311 - repeatable on purpose
        recordings: list[Recording] = []
        for index, patient in enumerate(account.patients.since(first)):
            if index % 4 < 3:
                _connect(account, patient, random, redeemed=index % 4 < 2)
            if index % 4 < 2:
                recordings += _recordings(patient, random, account.micros())
        account.recordings.insert(sorted(recordings, key=lambda recording: recording.recorded))
        return len(recordings)


def _connect(account: Account, patient: Patient, random: Random, *, redeemed: bool) -> None:
    code = invented.random_code(random)
    if templates := account.settings.templates():
        account.connections.add_code(code, patient.id, templates[0].id)
        if redeemed:
            account.connections.mark_redeemed(code)
    account.patients.set_status(patient.id, PatientStatus.CONNECTED if redeemed else PatientStatus.PENDING)
    fields = [
        {"id": invented.random_id(random), "fieldName": name, "displayName": display, "fieldValue": value}
        for name, display, value in (
            ("steps", "STEPS", str(random.randrange(12_000))),
            ("emergencyContact", "EMERGENCY CONTACT", "nobody@example.com"),
        )
    ]
    account.patients.set_custom_fields(patient.id, fields)


def _recordings(patient: Patient, random: Random, now: int) -> Iterator[Recording]:
    offset = random.choice(_OFFSETS)
    for index in range(random.randrange(1, 5)):
        at = now - random.randrange(_SPAN)
        determination, least, most = random.choice(_KINDS)
        fields = RecordingFields(
            patient_id=patient.id,
            heart_rate=random.randrange(least, most + 1),
            determination=determination,
            note=random.choice(_NOTES),
            tags=tuple(random.sample(_TAGS, random.randrange(3))),
            symptoms=tuple(random.sample(invented.SYMPTOMS, random.randrange(3))),
            activities=tuple(random.sample(invented.ACTIVITIES, random.randrange(2))),
            leads=random.choice((1, 6)),
            screening=index == 3,
            offset_minutes=offset,
            seed=random.getrandbits(32),
        )
        yield Recording(invented.random_id(random), at, at, fields)
