"""The entries under ``decisions``: each until a day, and with a reason."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from kardia_ctl.config.context import LoadContext, address_of
from kardia_ctl.config.document import YamlFile
from kardia_ctl.config.yaml.tree import YamlList, YamlMapping
from kardia_ctl.model.address import Address
from kardia_ctl.model.decided.decision import EVERY, LONGEST, Decision, DecisionKind
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.source import Source

_AHEAD: Final = timedelta(hours=14)
"""How far the calendar of the easternmost time zone is ahead of UTC."""

_PERSONAL: Final = (Kind.PATIENT, Kind.CONNECTION_CODE, Kind.MOBILE_USER)
_ABOUT: Final[Mapping[DecisionKind, Collection[Kind]]] = {
    DecisionKind.RECREATE: (Kind.PATIENT,),
    DecisionKind.REISSUE: (Kind.CONNECTION_CODE, Kind.MOBILE_USER),
    DecisionKind.DISTINCT: (Kind.PATIENT,),
    DecisionKind.ABSENT: _PERSONAL,
    DecisionKind.CREATED: (Kind.CONNECTION_CODE, Kind.MOBILE_USER),
    DecisionKind.ISSUED: (Kind.CONNECTION_CODE,),
    DecisionKind.ACCEPT: tuple(Kind),
}
"""What each decision may be about."""


Place = Callable[..., Source]
"""The place of an entry, or of a key in it."""

Problem = tuple[str, str, str]
"""The key that it is about, what is wrong, and what to do."""


def decisions(
    yaml_files: Iterable[YamlFile], context: LoadContext, templates: Collection[str]
) -> tuple[Decision, ...]:
    """The valid entries of all files; reports what cannot be right. ``templates`` are the declared names."""
    yaml_files = tuple(yaml_files)
    cohorts = {name for yaml_file in yaml_files for name in _cohorts(yaml_file)}
    found: dict[tuple[str, ...], Decision] = {}
    for value, place in _values(yaml_files):
        if (decision := _decision(value, place, context)) is None:
            continue
        key = decision.kind, decision.about, decision.cohort, decision.until
        first = found.setdefault(key, decision)
        problems = list(_problems(decision, cohorts, templates, _latest(context)))
        if first is not decision:
            problems.append(("address", f"this is decided already, at {first.source}", "Keep one entry"))
        for about, message, remedy in problems[:1]:
            address = None if decision.cohort else address_of(_mrn(decision.address))
            context.problem(place(about), message, remedy, address)
    return tuple(found.values())


def _cohorts(yaml_file: YamlFile) -> Iterator[str]:
    declared = yaml_file.document.tree.get("cohorts")
    yield from declared if isinstance(declared, YamlMapping) else ()


def _values(yaml_files: Iterable[YamlFile]) -> Iterator[tuple[Mapping[str, Any], Place]]:
    for yaml_file in yaml_files:
        declared = yaml_file.document.tree.get("decisions")
        for index, value in enumerate(declared if isinstance(declared, YamlList) else ()):
            if yaml_file.is_sound("decisions", index):
                yield value, partial(yaml_file.source, "decisions", index)


def _decision(
    value: Mapping[str, Any], place: Callable[..., Source], context: LoadContext
) -> Decision | None:
    kind, text, cohort = DecisionKind(value["decision"]), value["address"], value.get("cohort", "")
    try:
        address = Address.parse(text)
    except ValueError:
        remedy = f"Write it as plans print it: {' or '.join(about.form for about in _ABOUT[kind])}"
        context.problem(place("address"), "this is not an address", remedy)
        return None
    if cohort and text.split("/")[1:2] != [EVERY]:
        remedy = f"Write {EVERY} in place of the mrn, or remove cohort"
        context.problem(place("cohort"), "cohort goes with an address of everybody in it", remedy)
        return None
    if not cohort and text.split("/")[1:2] == [EVERY] and not address.kind.is_setting:
        context.problem(place("address"), "this address is of everybody in a cohort", "Name it: add cohort")
        return None
    return Decision(kind, address, value["reason"], value["until"], cohort, place())


def _problems(
    decision: Decision, cohorts: Collection[str], templates: Collection[str], latest: str
) -> Iterator[Problem]:
    kind, address, allowed = decision.kind, decision.address, _ABOUT[decision.kind]
    if address.kind not in allowed:
        names = " or ".join(f"a {about.facts.singular}" for about in allowed)
        yield "address", f"{kind} is about {names}", f"Write {' or '.join(about.form for about in allowed)}"
    if decision.cohort and not kind.takes_cohorts:
        yield "cohort", f"{kind} is about one address, because it sends something", "Name the address"
    if decision.cohort and decision.cohort not in cohorts:
        yield "cohort", "no cohort of this name is declared", "Correct it, or remove the entry"
    if address.kind is Kind.CONNECTION_CODE and address.names[1] not in templates:
        yield "address", "this address names a template that is not declared", "Declare it under templates"
    if latest and decision.until > latest:
        yield "until", f"until is more than {LONGEST} days ahead", f"Write {latest} at the latest"


def _mrn(address: Address) -> str:
    return "" if address.kind.is_setting else address.names[0]


def _latest(context: LoadContext) -> str:
    """The last day that may stand under ``until``; empty for no bound."""
    if context.now is None:
        return ""
    today = (datetime.fromtimestamp(context.now, UTC) + _AHEAD).date()
    return (today + timedelta(days=LONGEST)).isoformat()
