"""The sections of kardia.yaml without patients: templates, callbacks, providers, limits, state."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from kardia_ctl.config.context import LoadContext, address_of
from kardia_ctl.config.document import YamlFile
from kardia_ctl.config.encryption.age import recipient_problem
from kardia_ctl.config.interpolation import hold_reference
from kardia_ctl.config.yaml.tree import YamlMapping
from kardia_ctl.kinds import SETTINGS
from kardia_ctl.model.configuration import (
    Authorization,
    Configuration,
    Departure,
    DepartureAction,
    Desired,
    Dialect,
    Limits,
    Region,
    ScanPolicy,
    Setting,
    Waves,
)
from kardia_ctl.model.decided.two_person import TwoPerson
from kardia_ctl.model.dialects import CAPABILITIES, Capabilities
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import DeclaredTemplate

_STATE_SCHEMES: Final = ("sqlite", "postgresql", "postgres", "s3", "gs", "az")
EPHEMERAL: Final = "ephemeral"
"""What stands for a state in the default place that is known to be lost with the machine."""

_UNIT: Final = {"": 1.0, "s": 1.0, "m": 60.0}


def templates(yaml_file: YamlFile) -> dict[str, DeclaredTemplate]:
    """The declared templates. An invalid one is included: its label is declared."""
    declared = yaml_file.document.tree.get("templates")
    declared_templates = {}
    for label, value in declared.items() if isinstance(declared, YamlMapping) else ():
        source = yaml_file.key_source("templates", label)
        if not yaml_file.is_sound("templates", label):
            declared_templates[label] = DeclaredTemplate(label, source=source)
        elif isinstance(value, str):
            declared_templates[label] = DeclaredTemplate(label, id=value, source=source)
        else:
            declared_templates[label] = DeclaredTemplate(label, name=value["name"], source=source)
    return declared_templates


def settings(yaml_file: YamlFile, context: LoadContext) -> tuple[Setting, ...]:
    """The callbacks and service providers, checked by their kinds' own rules."""
    hosts = yaml_file.value("callback_hosts") or ()
    valid = []
    for setting in _declared(yaml_file, context):
        problem = SETTINGS[setting.address.kind].problem(setting, hosts)
        if problem and setting.source and not hold_reference(setting, context.environ):
            context.problem(setting.source, *problem, setting.address)
        valid.append(setting)
    return tuple(valid)


def _declared(yaml_file: YamlFile, context: LoadContext) -> Iterator[Setting]:
    for definition in SETTINGS.values():
        value = yaml_file.value(definition.key)
        if value is None:
            continue
        if definition.needs_team and "team" not in yaml_file.document.tree:
            message = f"{definition.key} needs team"
            context.problem(yaml_file.key_source(definition.key), message, "Add team: your team's id")
        for index, (address, attributes) in enumerate(definition.declare(value)):
            path: tuple[str | int, ...] = (index,) if isinstance(value, list) else tuple(attributes)[:1]
            yield Setting(address, attributes, yaml_file.source(definition.key, *path))


def capabilities(yaml_file: YamlFile) -> Capabilities:
    """The capabilities of the declared dialect; of v1 when it is missing or invalid."""
    api: Mapping[str, str] = yaml_file.value("api") or {}
    return CAPABILITIES[Dialect(api.get("dialect", Dialect.V1))]


def check_dialect(
    yaml_file: YamlFile,
    declared: Mapping[str, DeclaredTemplate],
    leaving: Iterable[Departure],
    context: LoadContext,
) -> None:
    """Report everything declared that the dialect cannot do."""
    can = capabilities(yaml_file)
    api: Mapping[str, str] = yaml_file.value("api") or {}
    if Region(api.get("region", Region.US)) not in can.regions:
        remedy = f"Write {' or '.join(sorted(can.regions))}"
        context.problem(
            yaml_file.source("api", "region"),
            f"the {can.dialect} API is not available in this region",
            remedy,
        )
    for definition in SETTINGS.values():
        if definition.kind not in can.kinds and yaml_file.value(definition.key) is not None:
            message = f"the {can.dialect} API has no {definition.key}"
            context.problem(yaml_file.key_source(definition.key), message, "Remove it")
    for template in declared.values():
        if template.name and not can.shows_templates and template.source:
            message = f"the {can.dialect} API does not list templates, so a name cannot be resolved"
            context.problem(template.source, message, "Write the template's id")
    for departure in leaving:
        _check_departure(departure, can, context)


def _check_departure(departure: Departure, can: Capabilities, context: LoadContext) -> None:
    source, address = departure.source or Source("", 1), address_of(departure.mrn)
    if departure.action not in can.departing:
        actions = " or ".join(sorted(can.departing))
        message = f"the {can.dialect} API cannot {departure.action} a patient"
        context.problem(source, message, f"Write action: {actions}", address)
    if departure.action is not DepartureAction.DELETE and (
        departure.export or departure.exported or departure.confirmed
    ):
        message = "export, exported and confirm apply only to action: delete"
        context.problem(source, message, "Remove them, or write action: delete", address)


def limits(yaml_file: YamlFile) -> Limits:
    """The limits; undeclared ones have their defaults."""
    declared: Mapping[str, str] = yaml_file.value("limits") or {}
    default = Limits()
    return Limits(
        create=_count(declared, "create", default.create),
        update=_count(declared, "update", default.update),
        disconnect=_count(declared, "disconnect", default.disconnect),
        delete=_count(declared, "delete", default.delete),
        cost=Decimal(declared["cost"]) if "cost" in declared else default.cost,
    )


def waves(yaml_file: YamlFile) -> Waves | None:
    """The waves; undeclared values have their defaults. None without waves."""
    declared: Mapping[str, str] | None = yaml_file.value("waves")
    if declared is None:
        return None
    default = Waves()
    return Waves(
        size=int(declared.get("size", default.size)),
        stop_on_failures=int(declared.get("stop_on_failures", default.stop_on_failures)),
    )


def _count(declared: Mapping[str, str], name: str, default: int | None) -> int | None:
    return int(declared[name]) if name in declared else default


def check_state(yaml_file: YamlFile, context: LoadContext) -> None:
    """Report a state URL of an unsupported store, or with a password in clear text."""
    url = yaml_file.value("state")
    if url in (None, EPHEMERAL):
        return
    source = yaml_file.source("state")
    if url.partition("://")[0] not in _STATE_SCHEMES or "://" not in url:
        remedy = "Write sqlite:///.kardia/state.db, postgresql://…, s3://…, gs://… or az://…"
        context.problem(source, "state is not the URL of a supported store", remedy)
    if _password(url) and _password(url) not in context.substituted.values():
        context.problem(
            source,
            "the state URL contains a password",
            "Write ${STATE_PASSWORD} instead, and change the password",
        )


def check_recipients(yaml_file: YamlFile, context: LoadContext) -> None:
    """Report recipients that cannot be any: a file that is encrypted for them could be read by nobody."""
    for index, recipient in enumerate(yaml_file.value("recipients") or ()):
        if problem := recipient_problem(recipient):
            context.problem(yaml_file.source("recipients", index), problem, "Copy it again, whole")


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


def configuration(yaml_file: YamlFile, root: Path, desired: Desired) -> Configuration:
    """The configuration from a valid file; the caller adds digest and warnings."""
    tree: Mapping[str, Any] = yaml_file.document.tree
    api: Mapping[str, str] = tree.get("api", {})
    settle, state = tree.get("settle", "120s"), tree.get("state")
    default = Configuration(root, desired)
    return Configuration(
        root=root,
        desired=desired,
        dialect=Dialect(api.get("dialect", default.dialect)),
        region=Region(api.get("region", default.region)),
        authorization=Authorization(api.get("authorization", default.authorization)),
        scan=ScanPolicy(tree.get("scan", default.scan)),
        settle=float(settle.rstrip("sm")) * _UNIT[settle.lstrip("0123456789")],
        waves=waves(yaml_file),
        state=default.state if state in (None, EPHEMERAL) else state,
        state_declared=state is not None,
        workspace=tree.get("workspace", default.workspace),
        callback_hosts=tuple(tree.get("callback_hosts", ())),
        two_person=tuple(map(TwoPerson, tree.get("two_person", ()))),
        recipients=tuple(tree.get("recipients", ())),
        phi_accepted="phi_in_git" in tree,
        shows_mrns="mrn" in tree.get("review", {}),
    )
