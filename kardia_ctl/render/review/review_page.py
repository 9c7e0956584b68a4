"""What the page of a plan shows, before it is Markdown or HTML.

Every text is plain: whoever renders it escapes it. None holds a patient's values; mrns are pseudonyms where
the names say so.
"""

from dataclasses import dataclass, replace
from typing import Final

from kardia_ctl.model.plan import Change
from kardia_ctl.render.names import MRNS, Names

MARKDOWN_BEGINS: Final = "<!-- kardia-ctl review "
"""How a page in Markdown begins. The rest of its first line is the same for every plan of a configuration."""

HTML_BEGINS: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="kardia-ctl review">
"""
"""How a page in HTML begins."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where a configuration is.

    Attributes:
        shown: Its path in its repository, empty at the top of one or without one: ``clinics/north``.
        spelled: How the places of a plan spell it: as on the command line, or whole.
    """

    shown: str = ""
    spelled: tuple[str, ...] = ()

    def place(self, place: str) -> str:
        """A file, or a file with its line, by its path in the repository. Never one of the whole machine."""
        for spelled in self.spelled:
            if spelled == "." and place and not place.startswith(("/", "../")):
                return self._joined(place)
            if place.startswith(f"{spelled}/"):
                return self._joined(place[len(spelled) + 1 :])
        return place.rpartition("/")[2] if place.startswith("/") else place

    def text(self, text: str) -> str:
        """A text in which a file may be named by its whole path."""
        for spelled in self.spelled:
            if spelled.startswith("/"):
                text = text.replace(f"{spelled}/", self._joined(""))
        return text

    def _joined(self, place: str) -> str:
        return f"{self.shown}/{place}" if self.shown else place


@dataclass(frozen=True, slots=True)
class PageContext:
    """What a page says beside its plan.

    Attributes:
        names: How addresses are written.
        workspace: The name of the workspace.
        directory: Where the configuration is.
        version: The version of kardia-ctl.
        warnings: What a reader must know before anything else, for example that a plan was not verified.
        subject: What the page is about besides the plan of a configuration: ``drift``, or nothing.
        second_person: The changes that somebody else than the author has to approve.
    """

    names: Names
    workspace: str
    directory: Directory = Directory()
    version: str = ""
    warnings: tuple[str, ...] = ()
    subject: str = ""
    second_person: tuple[Change, ...] = ()

    def text(self, text: str) -> str:
        """A text as the readers of the page may see it."""
        return self.directory.text(self.names.text(text))

    @property
    def identity(self) -> str:
        """Distinguishes the pages of several configurations in one repository."""
        return f"{self.directory.shown or '.'} {self.workspace} {self.subject}".rstrip()


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One address, or one notice without an address, with the declaration's file:line."""

    shown: str
    place: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Entries of which the same is true. ``note`` says why, and for what is blocked the way out.

    ``listed_above``: how many of them are known from the entries of another group, and not repeated.
    """

    title: str
    count: int
    entries: tuple[PageEntry, ...]
    place: str = ""
    note: str = ""
    listed_above: int = 0

    @property
    def left(self) -> int:
        """How many are counted and not listed."""
        return self.count - len(self.entries) - self.listed_above

    def trimmed(self, cap: int) -> "Group":
        """The same group with at most ``cap`` entries."""
        return replace(self, entries=self.entries[:cap], listed_above=min(self.listed_above, cap))


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page. Its title has its counts, ``meaning`` defines it; ``is_grave``: it must be read."""

    name: str
    title: str
    meaning: str
    groups: tuple[Group, ...]
    is_grave: bool = False

    @property
    def left(self) -> int:
        """How many are counted and not listed."""
        return sum(group.left for group in self.groups)


Answer = tuple[str, tuple[str, ...]]
"""A question that a reader has, and the sentences that answer it."""


_LIVE: Final = "Live means: in Kardia now."


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """The page of a plan. ``merging`` says what merging does, ``ending`` what only few readers look for."""

    counts: str
    digest: str
    answers: tuple[Answer, ...]
    sections: tuple[Section, ...]
    context: PageContext
    stops: tuple[str, ...] = ()
    merging: str = ""
    ending: str = ""

    @property
    def left(self) -> int:
        """How many addresses and notices are counted and not listed."""
        return sum(section.left for section in self.sections)

    @property
    def naming(self) -> str:
        """How the page names patients."""
        if self.context.names is MRNS:
            return (
                "Addresses hold mrns (medical record numbers), because the configuration has "
                f"review: {{mrn: shown}}. {_LIVE}"
            )
        return (
            "~… stands for a patient's mrn (medical record number). To see who it is: kardia-ctl reveal ~… "
            f"on your own computer. {_LIVE}"
        )

    def trimmed(self, cap: int) -> "ReviewPage":
        """The same page with at most ``cap`` entries in each group."""
        sections = (
            replace(
                section,
                groups=tuple(group.trimmed(cap) for group in section.groups),
            )
            for section in self.sections
        )
        return replace(self, sections=tuple(sections))
