"""The page of a plan as Markdown: for a comment, a step summary, or to read as it is.

GitHub takes comments of 65,536 characters (four bytes each, at most). The page is measured in bytes of UTF-8,
which are never fewer than characters, however they are counted.
"""

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from kardia_ctl.render.review.markdown_text import code, prose, summary
from kardia_ctl.render.review.review_page import (
    MARKDOWN_BEGINS,
    Group,
    PageContext,
    PageEntry,
    ReviewPage,
    Section,
)

MOST_BYTES: Final = 65_536

_CAPS: Final = (1_000, 200, 50, 20, 10, 5, 2, 0)
_LONGEST_IDENTITY: Final = 200
_FOLDED: Final = 10
"""Entries above which a list is folded, unless each of them must be read."""


def markdown_page(page: ReviewPage, most: int = MOST_BYTES) -> str:
    """The page, in at most ``most`` bytes.

    Lists are shortened until it fits, then whole groups are left out, the last ones first. The answers, the
    counts and the digest always stay, and a notice lists what was cut.
    """
    for cap in _CAPS:
        shown = page.trimmed(cap)
        text = _joined(shown, [line for block in _blocks(shown) for line in block])
        if len(text.encode()) <= most:
            return text
    return _packed(shown, most)


def _joined(page: ReviewPage, lines: Iterable[str], cut: int = 0) -> str:
    return "\n".join((*_head(page), *_cut_notice(page, cut), *lines, _foot(page))) + "\n"


def marker(context: PageContext) -> str:
    """The hidden first line, by which a comment is found again: one for each configuration."""
    identity = quote(context.identity[-_LONGEST_IDENTITY:], safe="/ ", errors="replace").replace("-", "%2D")
    return f"{MARKDOWN_BEGINS}{identity} -->"


def _packed(page: ReviewPage, most: int) -> str:
    """The page with as many groups as there is room for."""
    lines, blocks = list[str](), list(_blocks(page))
    room, cut = most - len(_joined(page, (), len(blocks)).encode()), 0
    for block in blocks:
        size = len("\n".join(block).encode()) + 1
        if size <= room and not cut:
            lines += block
            room -= size
        else:
            cut += 1
    return _joined(page, lines, cut)


def _head(page: ReviewPage) -> Iterator[str]:
    yield marker(page.context)
    digest = f" Digest: {code(page.digest)}" if page.digest else ""
    yield f"### {prose(page.counts)}{digest}"
    yield ""
    for warning in page.context.warnings:
        yield f"> **Warning:** {prose(warning)}"
        yield ""
    for stop in page.stops:
        yield f"> **Error, nothing can be applied:** {prose(stop)}"
        yield ""
    for text in filter(None, (page.merging, page.naming)):
        yield prose(text)
        yield ""
    for question, answer in page.answers:
        yield f"- **{question}** {' '.join(map(prose, answer))}"
    yield ""


def _blocks(page: ReviewPage) -> Iterator[list[str]]:
    """The rest in blocks that are not cut in two. The title of a section goes with its first group."""
    for section in page.sections:
        title = [f"#### {prose(section.title)}", "", section.meaning, ""]
        for group in section.groups:
            yield [*title, *_group(group, section)]
            title = []


def _group(group: Group, section: Section) -> Iterator[str]:
    is_folded = len(group.entries) > _FOLDED and not section.is_grave
    if is_folded:
        place = f" — {group.place}" if group.place else ""
        yield f"<details><summary>{summary(group.title + place)}</summary>"
        yield ""
    elif group.title:
        place = f" — {code(group.place)}" if group.place and group.count > 1 else ""
        yield f"**{prose(group.title)}**{place}"
        yield ""
    if group.note:
        yield f"> {prose(group.note)}"
        yield ""
    yield from map(_entry, group.entries)
    if group.left:
        is_rest = group.entries or group.listed_above
        yield f"- **and {group.left} more, not shown here**" if is_rest else "- not shown one by one here"
    if group.entries or group.left:
        yield ""
    if is_folded:
        yield "</details>"
        yield ""


def _entry(entry: PageEntry) -> str:
    parts = (code(entry.shown), code(entry.place), *map(prose, entry.details))
    return f"- {' · '.join(filter(None, parts))}"


def _cut_notice(page: ReviewPage, cut: int) -> Iterator[str]:
    """What the page does not list, and that an approval of it does not cover that."""
    if page.left or cut:
        groups = f" and {cut} whole groups" if cut else ""
        yield (
            f"> **This page is cut: {page.left} addresses or notices{groups} are counted, and not listed.** "
            "Whoever approves it does not approve what it does not show: read the HTML page of the same plan "
            "(`--html`), or the output of `kardia-ctl show --full` on the saved plan."
        )
        yield ""


def _foot(page: ReviewPage) -> str:
    directory = page.context.directory.shown
    place = f" in {code(directory)}" if directory else ""
    return (
        f"<sub>kardia-ctl {page.context.version}, workspace {code(page.context.workspace)}{place}. "
        f"{f'{page.ending} ' if page.ending else ''}Paths are those of the repository.</sub>"
    )
