"""The content of a new account, and invented patients."""

import string
from collections.abc import Iterator
from random import Random

from kardia_ctl.sandbox.data.values import ConnectionTemplate, PatientFields

API_KEY = "sandbox-key"
"""The API key that a new account accepts."""
LOGIN_EMAIL = "dev@example.com"
"""The e-mail address that POST /v1/apikey of a new account accepts."""
LOGIN_PASSWORD = "invented-password"  # noqa: S105 - the sandbox's documented password, not a secret
"""The password that belongs to `LOGIN_EMAIL`."""
TEAM_ID = "Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah"
"""The team of a new account (API reference, "Get Connection Templates")."""
TEAM_NAME = "Sandbox team"
TEAM_SECRET = "invented-secret-key"  # noqa: S105 - as LOGIN_PASSWORD

TEMPLATES = (
    ConnectionTemplate(
        "4qq0q0tSkSKziiUcyjOYbpi9whdo7403", TEAM_ID, "KardiaMobile + 1 Year Connection ($120)", 365, 9.99
    ),
    ConnectionTemplate(
        "RnHOxYlu8l7zGboaWKhicma6qin4fjr7", TEAM_ID, "KardiaMobile + 90 Day Connection", 90, 4.99
    ),
)
"""The templates of a new account: both ids are in the API reference, the second name is invented."""

PRO_TEMPLATE = "7uhcmvtlb87c4n5nyx1qq9ur7"
"""The template of the Kardia Pro API reference, "Generate Connection Code": pro lists none."""

TEAM_FIELDS = (
    ("customParticipantID", "MRN", True, False, True),
    ("firstName", "FIRST NAME", True, False, False),
    ("lastName", "LAST NAME", True, False, False),
    ("dob", "DATE OF BIRTH", True, False, False),
    ("email", "EMAIL", True, False, False),
    ("sex", "SEX", False, False, False),
    ("steps", "STEPS", False, True, False),
    ("emergencyContact", "EMERGENCY CONTACT", False, True, False),
)
"""The fields of a team's patients: name, display name, is required, is custom, is key identifier."""
SYMPTOMS = ("Trouble breathing", "Dizzy, light-headed", "Palpitations", "Chest pain")
"""The first two are in the API reference, "Get Recording Symptoms"."""
ACTIVITIES = ("At rest (sitting or lying down)", "Walking", "After exercise")
"""The first is in the API reference, "Get Recording Activity"."""
ID_ALPHABET = string.ascii_letters + string.digits
_HEADS = ("Zor", "Qui", "Mav", "Tre", "Olv", "Bex", "Jun", "Kya", "Vel", "Ard", "Nim", "Sko")
_MIDDLES = ("ba", "ri", "lo", "ne", "ku", "za", "thi", "mo")
_FIRST_TAILS = ("vix", "ldra", "quin", "rel", "nova", "sk", "mbe", "tiq")
_LAST_TAILS = ("brenk", "vostra", "quimby-ul", "dralle", "skjorn", "pemba", "trozz", "ø")
_SEXES = (0, 1, 2, 9)


def random_id(random: Random) -> str:
    """Return 32 letters and digits, as the ids of the API reference."""
    return "".join(random.choices(ID_ALPHABET, k=32))


def random_code(random: Random) -> str:
    """Return a connection code in the documented format: LQYP-MSAK-NPJR."""
    letters = random.choices(string.ascii_uppercase, k=12)
    return "-".join("".join(letters[at : at + 4]) for at in (0, 4, 8))


def invented_patients(count: int, seed: int, first: int = 1) -> Iterator[PatientFields]:
    """Yield `count` invented patients, mrns SB-0000001 and up; equal arguments give equal patients."""
    random = Random(seed)  # noqa: S311 - invented data
    for number in range(first, first + count):
        pick = random.choice
        firstname = pick(_HEADS) + pick(_MIDDLES) + pick(_FIRST_TAILS)
        lastname = pick(_HEADS) + pick(_MIDDLES) + pick(_LAST_TAILS)
        dob = f"{1930 + random.randrange(85)}-{1 + random.randrange(12):02}-{1 + random.randrange(28):02}"
        yield PatientFields(
            mrn=f"SB-{number:07}",
            dob=dob,
            email=f"patient-{number}@example.com",
            firstname=firstname,
            lastname=lastname,
            sex=pick(_SEXES),
        )
