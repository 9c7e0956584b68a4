"""What the account's answers say: key, TLS, clock, tenant, templates, callbacks and deliveries."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from kardia_ctl.cli.commands.doctor.looks import Look, Looks
from kardia_ctl.cli.commands.doctor.premises import NotToBeHad, Premises
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.errors import KardiaError
from kardia_ctl.render.findings import CheckResult, fine, note, wrong
from kardia_ctl.render.text import count_of

_SKEW: Final = 60.0
"""Seconds that a clock may differ: settle windows and leases are longer."""

_UNREACHED: Final = "there was no answer to look at"


def usable(looks: Looks, name: str) -> Look:
    """A look with an answer that can be used.

    Raises:
        NotToBeHad: there is none; the check of the answers says why.
    """
    found = looks.found.get(name)
    if found is None or found.error or found.answer is None:
        raise NotToBeHad(_UNREACHED)
    return found


def check_answers(looks: Looks) -> Iterator[CheckResult]:
    """Whether the host answers, accepts the key, and gives each answer that was asked for."""
    failed: dict[str, str] = {}
    for look in looks.found.values():
        if look.error:  # one cause is reported once, with the first request that met it
            failed.setdefault(look.error.partition(": ")[2], look.error)
    yield from (wrong("answers", error) for error in failed.values())
    if not failed:
        yield fine("answers", f"{count_of(len(looks.found), 'request')} answered; the key is accepted")


def check_tls(looks: Looks, premises: Premises) -> Iterator[CheckResult]:
    """The TLS version in use."""
    answer = next((look.answer for look in looks.found.values() if look.answer), None)
    if answer is None:
        raise NotToBeHad(_UNREACHED)
    if answer.tls:
        own = premises.account.ca_file
        yield fine(
            "TLS", f"{answer.tls}, {'by the authorities of --ca-file' if own else 'certificate verified'}"
        )
    else:
        yield note("TLS", "none: the host is on this machine")


def check_clock(looks: Looks) -> Iterator[CheckResult]:
    """Whether this machine's clock agrees with the Date of the answers."""
    for look in looks.found.values():
        if look.answer is None or not look.answer.date:
            continue
        try:
            theirs = parsedate_to_datetime(look.answer.date).timestamp()
        except (ValueError, TypeError, OverflowError):
            yield note("clock", "the server's Date is not a time")
            return
        skew = look.at - theirs - 0.5  # the Date has no fraction of a second
        ahead = "ahead of" if skew > 0 else "behind"
        if abs(skew) > _SKEW:
            text = f"this machine is {abs(skew):,.0f} s {ahead} the server"
            yield wrong("clock", text, "Set it by NTP: settle windows and days are counted with it")
        else:
            yield fine("clock", "within a minute of the server's")
        return
    answered = any(look.answer for look in looks.found.values())
    raise NotToBeHad("no answer has a Date" if answered else _UNREACHED)


def _rows(look: Look) -> list[dict[str, Any]]:
    body = look.body
    rows = (
        body
        if isinstance(body, list)
        else next((v for v in (body or {}).values() if isinstance(v, list)), [])
    )
    return [row for row in rows if isinstance(row, dict)]


def check_tenant(looks: Looks, premises: Premises) -> Iterator[CheckResult]:
    """Whose key it is, by the templates, against what is declared and what state is bound to."""
    teams = sorted(
        {str(row[key]) for row in _rows(usable(looks, "templates")) for key in _TEAM if row.get(key)}
    )
    if not teams:
        yield note("tenant", "no connection template names a team, so nobody can tell whose key it is")
        return
    expected = {"kardia.yaml": premises.settings.desired.team}
    with suppress(KardiaError, NotToBeHad):
        expected["the state"] = premises.state.team
    for whose, team in expected.items():
        if team and team not in teams:
            text = f"the key is of team {', '.join(teams)}, and {whose} is of team {team}"
            yield wrong("tenant", text, "Use that team's key, or correct team:")
    known = any(expected.values())
    yield fine("tenant", f"team {', '.join(teams)}{'' if known else '; kardia.yaml declares none (team:)'}")


_TEAM: Final = ("teamID", "teamId")


def check_templates(looks: Looks, premises: Premises) -> Iterator[CheckResult]:
    """Whether each template that kardia.yaml names exists."""
    rows = _rows(usable(looks, "templates"))
    try:
        declared = premises.configuration.desired.templates
    except KardiaError:
        raise NotToBeHad("the configuration cannot be read") from None
    ids = {str(row.get("templateId")) for row in rows}
    names = Counter(str(row.get("templateName")) for row in rows)
    for template in declared.values():
        if template.id and template.id not in ids:
            yield wrong("templates", f"{template.label}: no template has its id", _GET)
        elif template.name and names[template.name] != 1:
            text = f"{template.label}: {names[template.name] or 'no'} templates have its name"
            yield wrong("templates", text, _GET)
    yield fine("templates", f"{len(declared)} named, {len(rows)} in the account")


_GET: Final = "Run kardia-ctl get templates, which lists them"


def check_callback(name: str, looks: Looks, premises: Premises) -> Iterator[CheckResult]:
    """Whether a callback is set, and to a host that may be one. Only its host is shown."""
    found = usable(looks, name)
    body = found.body
    url = body.get("url") if isinstance(body, dict) else None
    if not isinstance(url, str) or not url:
        yield note(name, f"not set; the server says so by {_unset(found)}")
        return
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    if not host:
        yield wrong(name, "what is set is no URL with a host", "Declare it in kardia.yaml")
    elif (allowed := _allowed(premises)) and host not in allowed:
        yield wrong(name, f"set to {host}, which callback_hosts does not name", "Find out who set it")
    else:
        yield fine(name, f"set to {host}")


def _allowed(premises: Premises) -> tuple[str, ...]:
    settings: Configuration = premises.settings
    return tuple(host.lower() for host in settings.callback_hosts)


def _unset(look: Look) -> str:
    """How the server says that nothing is set: the documents leave that open."""
    status = look.answer.status if look.answer else 0
    if status != 200:
        return f"status {status}"
    body = look.body
    if not isinstance(body, dict) or "url" not in body:
        return "an answer without url"
    return "url: null" if body["url"] is None else 'url: ""'


def check_deliveries(looks: Looks) -> Iterator[CheckResult]:
    """Whether the latest events reached the callback URL; of the log only statuses are shown."""
    rows = _rows(usable(looks, "deliveries"))
    if not rows:
        yield note("deliveries", "the log has none yet")
        return
    statuses = [str(row.get("statusCode", "")) for row in rows]
    failed = [
        status if status.isdigit() and len(status) == 3 else "no status"
        for status in statuses
        if not _is_2xx(status)
    ]
    if not failed:
        yield fine("deliveries", f"the last {len(rows)} were accepted")
        return
    how = ", ".join(f"{status} {count} times" for status, count in sorted(Counter(failed).items()))
    text = f"{len(failed)} of the last {len(rows)} failed ({how})"
    if _is_2xx(statuses[0]):
        yield note("deliveries", f"{text}; the newest was accepted")
    else:
        yield wrong(
            "deliveries", f"{text}, the newest too", "Is the receiver up? kardia-ctl get logs shows them"
        )


def _is_2xx(status: str) -> bool:
    return status.isdigit() and len(status) == 3 and status.startswith("2")
