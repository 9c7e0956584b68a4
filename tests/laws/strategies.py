"""Clinics that nobody runs: desired things for any account, and quirks for any server."""

from dataclasses import replace

import msgspec
from hypothesis import strategies as st

from kardia_ctl.model.address import Address
from kardia_ctl.model.configuration import (
    Desired,
    Dialect,
    MobileUser,
    Secret,
    SecretSource,
    Setting,
)
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.patient import DesiredPatient
from kardia_ctl.model.template import DeclaredTemplate
from kardia_ctl.sandbox.data.invented import TEAM_ID, TEMPLATES
from kardia_ctl.sandbox.quirks import (
    CallbackForm,
    CreateStatus,
    CursorStyle,
    DuplicateMrn,
    ListEnvelope,
    Quirks,
    UnsetCallback,
    UnsetField,
)

MRNS = (
    "JS-20000721",
    "0012345",
    "12345",
    "a/b",
    "a b",
    "A B",
    "%2F",
    "\N{ANATOMICAL HEART}-1",
    "Zo\u00eb",
    "Zoe\u0308",
    "=1+1",
    ".",
    "x" * 300,
    "+49",
    "a&b=c",
    "#1",
    "?",
    "NULL",
)
_SPELLED_TWICE = ("a b", "A B", "Zo\u00eb", "Zoe\u0308")
_NAMES = ("", "Joe", "O'Hara", "Zo\u00eb", "Zoe\u0308", "\u5c71\u7530", "=SUM(A1)", "Smith & Co", "null")
LABELS = ("one-year", "90 days/+")


@st.composite
def patients(draw: st.DrawFn, number: int, mrn: str) -> DesiredPatient:
    """A patient; nobody else was born on that day, so that no two are the same person.

    For the same reason nobody whose mrn differs from another's by case or form alone shares an address.
    """
    shared = () if mrn in _SPELLED_TWICE else ("joe@example.com", "Joe@Example.COM")
    return DesiredPatient(
        mrn=mrn,
        dob=f"19{50 + number}-02-03",
        email=draw(st.sampled_from([*shared, f"p+{number}@example.com"])),
        firstname=draw(st.sampled_from(_NAMES)),
        lastname=draw(st.sampled_from(_NAMES)),
        sex=draw(st.sampled_from(["", "0", "1", "2", "9"])),
        codes=tuple(draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=2))),
        ignore=tuple(draw(st.lists(st.sampled_from(["email", "lastname"]), unique=True, max_size=2))),
        file="kardia.yaml",
        line=number + 1,
    )


@st.composite
def clinics(draw: st.DrawFn, most: int = 7) -> Desired:
    """Everything that a configuration may declare, departures aside."""
    mrns = draw(st.lists(st.sampled_from(MRNS), unique=True, max_size=most))
    people = [draw(patients(number, mrn)) for number, mrn in enumerate(mrns)]
    first, second = TEMPLATES
    by_name = DeclaredTemplate(LABELS[1], name=second.name)
    by_id = DeclaredTemplate(LABELS[1], id=second.id)
    return Desired(
        team=TEAM_ID,
        patients={one.mrn: one for one in people},
        settings=tuple(draw(st.lists(st.sampled_from(_OTHERS), unique_by=str, max_size=4))),
        templates={
            LABELS[0]: DeclaredTemplate(LABELS[0], id=first.id),
            LABELS[1]: draw(st.sampled_from([by_id, by_name])),
        },
    )


@st.composite
def peopled(draw: st.DrawFn, dialect: Dialect = Dialect.V1, most: int = 6) -> Desired:
    """A clinic in which some patients have a user of the app; in pro some of those redeem a code."""
    base = draw(clinics(most))
    people, users = {}, {}
    for number, (mrn, one) in enumerate(base.patients.items()):
        people[mrn] = msgspec.structs.replace(
            one,
            email=f"p{number}@example.com",
            firstname=one.firstname or "No",
            lastname=one.lastname or "Name",
        )
        if draw(st.booleans()):
            redeem = dialect is Dialect.PRO and bool(one.codes) and draw(st.booleans())
            users[mrn] = MobileUser("us", Secret(SecretSource.GENERATE), redeem=redeem)
    if dialect is Dialect.V1:
        return replace(base, patients=people, users=users)
    callbacks = tuple(one for one in base.settings if one.address.kind is Kind.CALLBACK)
    templates = {
        name: DeclaredTemplate(name, id=one.id) for name, one in zip(LABELS, TEMPLATES, strict=False)
    }
    return replace(base, team="", patients=people, users=users, settings=callbacks, templates=templates)


_OTHERS = (
    Setting(Address(Kind.CALLBACK), {"url": "https://hooks.example.com/kardia"}),
    Setting(Address(Kind.QT_CALLBACK), {"url": "https://hooks.example.com/qt?a=1&b=%20"}),
    Setting(Address(Kind.SERVICE_PROVIDER, ("8sP3SiaFigYoGRKoc4kaf692hmwi",))),
    Setting(Address(Kind.SERVICE_PROVIDER, ("sp-2",))),
)


def quirks() -> st.SearchStrategy[Quirks]:
    """Every reading of the open points that a client must cope with without a person."""
    return st.builds(
        Quirks,
        duplicate_mrn=st.sampled_from(DuplicateMrn),
        unset_callback=st.sampled_from(UnsetCallback),
        callback_form=st.sampled_from(CallbackForm),
        create_status=st.sampled_from(CreateStatus),
        envelope=st.sampled_from(ListEnvelope),
        cursor_style=st.sampled_from([CursorStyle.EXACT, CursorStyle.OFFSET]),
        unset_field=st.sampled_from(UnsetField),
        list_lag=st.sampled_from([0.0, 30.0]),
        page_cap=st.sampled_from([None, 1, 2, 3, 7]),
    )


def clinic(number: int, *, codes: tuple[str, ...] = ()) -> Desired:
    """So many patients of whom nothing is special, P-0 and up."""
    people = [
        DesiredPatient(f"P-{index}", f"19{60 + index}-01-01", f"p{index}@example.com", "Joe", codes=codes)
        for index in range(number)
    ]
    return Desired(
        team=TEAM_ID,
        patients={one.mrn: one for one in people},
        templates={LABELS[0]: DeclaredTemplate(LABELS[0], id=TEMPLATES[0].id)},
    )
