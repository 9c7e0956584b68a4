"""Authors and approvers in the JSON of GitHub, GitLab, Bitbucket and Azure.

====================================  ======================================  ============================
JSON                                  who approved                            who wrote it
====================================  ======================================  ============================
GitHub event pull_request_review      review.user, state approved             pull_request.user
GitHub event pull_request, merged     pull_request.merged_by                  pull_request.user
GitHub event push                     (nobody)                                commits[].author, or pusher
GitHub …/pulls/N/reviews              each user whose last state is APPROVED
GitHub …/actions/runs/N/approvals     each user whose last state is approved
GitLab …/merge_requests/N             (nobody)                                author
GitLab …/merge_requests/N/approvals   approved_by[].user
Bitbucket …/pullrequests/N            participants[], approved                author
Azure …/pullRequests/N                reviewers[], vote 5 or 10               createdBy
{"author": …, "approved_by": [name]}  approved_by[]                           author
====================================  ======================================  ============================

The forms are those of the REST references and webhook payloads of the four. An approval of GitHub that names
another commit than the head of the pull request is one of something else. Bots approve nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unicodedata import normalize

_BOT: Final = re.compile(
    r".*\[bot\]|(project|group)_\d+_bot(_.*)?|github-actions|web-flow|dependabot|renovate(-bot)?|.*-bot",
    re.IGNORECASE,
)
"""Names of GitHub's and GitLab's bots: apps, access tokens of projects and groups, and well-known ones."""
_MERGE: Final = "Merge "
_BUTTON: Final = "web-flow"
"""Who commits what is merged with the button of GitHub."""
_APPROVES: Final = 5
"""The least vote of Azure that approves: 5 with suggestions, 10 without."""


@dataclass(frozen=True, slots=True)
class Reviews:
    """Who wrote a change and who approved it.

    ``is_listed``: whether there was a list of approvals at all. ``withdrawn``: whose last review does not
    approve. ``head``: the commit that an approval has to be of, where it is known.
    """

    authors: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()
    is_listed: bool = False
    withdrawn: tuple[str, ...] = field(default=(), compare=False)
    head: str = field(default="", compare=False)

    def __add__(self, later: "Reviews") -> "Reviews":
        """What both say; of somebody who reviewed twice, the later one."""
        standing = (one for one in self.approvers if not is_among(one, later.withdrawn))
        return Reviews(
            _once((*self.authors, *later.authors)),
            _once((*standing, *later.approvers)),
            self.is_listed or later.is_listed,
            later.withdrawn,
            self.head or later.head,
        )


def reviews_in(document: object, head: str = "") -> Reviews:
    """What a JSON document says, in any of the forms above; nothing where it has another form.

    ``head`` is the commit that an approval of a list has to be of, where it is known.
    """
    match document:
        case list():
            return _reviewed(document, head)
        case {"review": {**review}, "pull_request": {**pull}}:
            head = _text(pull, "head", "sha")
            author = Reviews(_names(_login(pull.get("user"))), head=head)
            return author + _reviewed([review], head)
        case {"pull_request": {**pull}}:
            merged = pull.get("merged") is True
            return Reviews(
                _names(_login(pull.get("user"))),
                _names(_login(pull.get("merged_by"))) if merged else (),
                merged,
                head=_text(pull, "head", "sha"),
            )
        case {"commits": list(commits), "pusher": pusher}:
            return Reviews(_authors(commits) or _names(_text(pusher, "name")))
        case dict():
            return _of_request(document)
        case _:
            return Reviews()


def _of_request(document: Mapping[str, Any]) -> Reviews:
    """A merge or pull request of GitLab, Bitbucket or Azure, its approvals, or our own form."""
    authors = (_login(document.get("author")), _login(document.get("createdBy")))
    found: list[str] = []
    listed = False
    if isinstance(several := document.get("approved_by"), list):
        listed = True
        found += [_login(one.get("user", one) if isinstance(one, dict) else one) for one in several]
    if isinstance(several := document.get("participants"), list):
        listed = True
        found += [_login(_of(one, "user")) for one in several if _of(one, "approved") is True]
    if isinstance(several := document.get("reviewers"), list) and any(
        _of(one, "vote") is not None for one in several
    ):
        listed = True
        found += [_login(one) for one in several if _vote(one) >= _APPROVES]
    return Reviews(_names(*authors), _names(*found), listed)


def _reviewed(reviews: Iterable[Any], head: str) -> Reviews:
    """Whose last review approves, and whose does not; a comment takes nothing back."""
    standing: dict[str, tuple[str, bool]] = {}
    for review in reviews:
        name, state = _login(_of(review, "user")), str(_of(review, "state") or "").lower()
        commit = _of(review, "commit_id")
        if name and state == "approved":
            standing[name.casefold()] = name, not (head and commit and commit != head)
        elif state in ("changes_requested", "dismissed", "rejected"):
            standing[name.casefold()] = name, False
    return Reviews(
        approvers=_names(*(name for name, stands in standing.values() if stands)),
        is_listed=True,
        withdrawn=_names(*(name for name, stands in standing.values() if not stands)),
    )


def _authors(commits: list[Any]) -> tuple[str, ...]:
    """Who wrote the commits of a push. A merge by the button is of who merged, who may be the second person.

    A merge that somebody made elsewhere counts: any commit can be called one.
    """
    written = [one for one in commits if not _is_by_button(one)]
    return _names(
        *(_text(one, "author", "username") or _text(one, "author", "name") for one in written or commits)
    )


def _is_by_button(commit: object) -> bool:
    is_merge = str(_of(commit, "message") or "").startswith(_MERGE)
    return is_merge and _text(commit, "committer", "username") == _BUTTON


def _login(user: object) -> str:
    """How a person is called: by a login where there is one. A bot is called nothing."""
    if isinstance(user, str):
        return user
    if not isinstance(user, dict) or str(user.get("type", "")).lower() == "bot":
        return ""
    names = (user.get(key) for key in ("login", "username", "nickname", "uniqueName", "display_name", "name"))
    return next((name for name in names if name and isinstance(name, str) and name.isprintable()), "")


def _of(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _vote(reviewer: object) -> int:
    """The vote of a person; that of a group is a member's, who is listed too."""
    vote = _of(reviewer, "vote")
    return vote if isinstance(vote, int) and _of(reviewer, "isContainer") is not True else 0


def _text(value: object, *keys: str) -> str:
    for key in keys:
        value = _of(value, key)
    return str(value or "")


def _names(*names: str) -> tuple[str, ...]:
    return _once(name.strip() for name in names)


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def is_bot(name: str) -> bool:
    """Whether a name is that of a bot."""
    return any(_BOT.fullmatch(one) for one in _spellings(name))


def is_somebody(name: str) -> bool:
    """Whether a name is one at all: it has a letter or a digit."""
    return any(map(str.isalnum, _bare(name)))


def is_among(name: str, people: Iterable[str]) -> bool:
    """Whether a person is one of others: by name, or as ``Name <mail>`` by either; case does not count."""
    mine = set(_spellings(name))
    return any(not mine.isdisjoint(_spellings(one)) for one in people)


def _bare(name: str) -> str:
    """A name without what nobody sees, in the usual form of each letter (NFKC)."""
    return "".join(char for char in normalize("NFKC", name) if char.isprintable()).strip()


def _spellings(person: str) -> Iterator[str]:
    folded = _bare(person).lstrip("@").casefold()
    name, _, rest = folded.partition("<")
    mail = rest.rstrip("> ")
    yield from filter(None, (folded, name.strip(), mail, mail.partition("@")[0]))
    if "@" in folded and not mail:
        yield folded.partition("@")[0]
