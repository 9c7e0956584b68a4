"""Each message of the configuration has its rule, and keeps it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kardia_ctl.kinds.texts.damages import DAMAGES
from kardia_ctl.model.plan import Cause
from kardia_ctl.render.reports.plan_rules import blocked_rule
from kardia_ctl.render.reports.rules import EXPOSED, OTHER, WARNING, rule_of, warning_rule
from tests.paths import ROOT

KEPT = Path(__file__).with_name("rules_of_messages.txt")
KNOWN_KINDS = re.compile(r"^(callback|qt_callback|service_provider\S*): ")


def messages() -> Iterator[str]:
    """What the configuration's cases say, without place, address and remedy."""
    for file in sorted((ROOT / "tests" / "config" / "cases").glob("*/expected.txt")):
        for line in file.read_text(encoding="utf-8").splitlines():
            found = re.match(r"^[^ ]+:\d+(?::\d+)?: (.*)$", line)
            if found and not line.startswith("Warning"):
                text = re.sub(r"^(patient|connection_code|mobile_user)/[^ ]+: ", "", found[1])
                yield KNOWN_KINDS.sub("", text).split(". ")[0]


def is_message(text: str) -> bool:
    """Cases of configurations that work say what is declared, not what is wrong."""
    return " firstname " not in text


def test_every_message_keeps_its_rule(request: pytest.FixtureRequest) -> None:
    found = sorted({f"{rule_of(text).id}: {text}" for text in messages() if is_message(text)})
    if request.config.getoption("--update-golden", default=False):
        KEPT.write_text("\n".join(found) + "\n", encoding="utf-8")
    assert KEPT.read_text(encoding="utf-8").splitlines() == found


def test_every_message_has_a_rule_of_its_own_sort() -> None:
    assert [text for text in messages() if is_message(text) and rule_of(text) is OTHER] == []


def test_every_damage_has_one_rule() -> None:
    words = {damage.words.replace("{seen}", "x").replace("{column}", "3") for damage in DAMAGES}
    assert {rule_of(f"lastname {text}").id for text in words} == {"damaged-value"}


def test_any_other_message_has_the_rule_of_all() -> None:
    assert rule_of("something new") is OTHER


def test_what_git_tracks_is_another_warning_than_an_odd_value() -> None:
    assert warning_rule("git tracks .kardia: state and keys are in it") is EXPOSED
    assert warning_rule("firstname is odd") is WARNING


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_stable_rule(cause: Cause) -> None:
    rule = blocked_rule(cause)
    assert re.fullmatch(r"blocked-[a-z]+(-[a-z]+)*", rule.id)
    assert rule.summary.endswith(".")
    assert rule.remedy.endswith(".")
