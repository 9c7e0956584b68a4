"""Live accounts as people, programs and years have left them."""

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as some

from kardia_ctl.sandbox.account.account import Account
from kardia_ctl.sandbox.data.values import ConnectionTemplate, Hook, PatientFields, PatientStatus
from tests.config.writing.test_yaml_text import ODD

_CHARACTERS: Final = some.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_TEXTS: Final = some.one_of(
    some.sampled_from([text for text in ODD if "\x00" not in text]), some.text(_CHARACTERS, max_size=12)
)
_NAMES: Final = some.one_of(
    some.none(), some.sampled_from(["Zorba", "Li", "O'Brien", "Jürgen", "", "مهدی", "No", "Mei Li"]), _TEXTS
)
_MRNS: Final = some.one_of(
    some.from_regex(r"[A-C]{1,2}-[0-9]{1,2}", fullmatch=True),
    some.sampled_from(
        ["-0042", "0012345", "1e5", "No", "123e4567", "+12", "12:30", "a/b", "2000-07-21", "=1+1"]
    ),
    _TEXTS,
)
_DATES: Final = some.one_of(
    some.dates().map(str),
    some.sampled_from(
        ["2000-07-21", "1961-04-30T00:00:00Z", "1849-12-31", "2999-01-01", "", "21/07/2000", "1900-01-00"]
    ),
)
_MAILS: Final = some.one_of(
    some.from_regex(r"[a-z]{1,5}@example\.(com|org)", fullmatch=True),
    some.sampled_from(["", "none", "Joe@Example.COM", "a@b", "o'brien@example.com", "@", "ü@example.com"]),
    _TEXTS,
)
_SEXES: Final = some.sampled_from([None, 0, 1, 2, 9, 3, -1])
_URLS: Final = some.one_of(
    some.none(),
    some.sampled_from(
        [
            "https://hooks.example.com/kardia",
            "https://hooks.example.com/k?token=a$b${HOME}$$",
            "http://hooks.example.com/",
            "https://10.0.0.1/x",
            "https://user:secret@hooks.example.com/",
            "HTTPS://Hooks.Example.COM:443",
        ]
    ),
    _TEXTS.filter(bool),
)


@dataclass(frozen=True)
class Live:
    """One patient of an account, with its status."""

    fields: PatientFields
    status: PatientStatus


PATIENTS: Final = some.builds(
    Live,
    some.builds(PatientFields, _MRNS, _DATES, _MAILS, _NAMES, _NAMES, _SEXES),
    some.sampled_from(PatientStatus),
)
TEMPLATES: Final = some.lists(
    some.builds(
        ConnectionTemplate,
        some.one_of(some.from_regex(r"[A-Za-z0-9]{8}", fullmatch=True), _TEXTS.filter(bool)),
        some.just("Fs0ZK1raZi5KidNtCyK9b4nyh6gkq4ah"),
        some.one_of(some.sampled_from(["1 Year", "KardiaMobile + 1 Year ($120)", "年間"]), _TEXTS),
        some.integers(1, 400),
        some.just(9.99),
    ),
    max_size=4,
    unique_by=lambda template: template.id,
)


@dataclass(frozen=True)
class LiveAccount:
    """Everything of an account that an import may find."""

    patients: list[Live]
    templates: list[ConnectionTemplate]
    callback: str | None
    qt_callback: str | None

    def fill(self, account: Account) -> None:
        """Make an account like this one."""
        for live in self.patients:
            account.patients.set_status(account.patients.add(live.fields), live.status)
        for template in self.templates:
            account.settings.add_template(template)
        account.settings.set_callback(Hook.CALLBACK, self.callback)
        account.settings.set_callback(Hook.QT_CALLBACK, self.qt_callback)


ACCOUNTS: Final = some.builds(LiveAccount, some.lists(PATIENTS, max_size=12), TEMPLATES, _URLS, _URLS)
