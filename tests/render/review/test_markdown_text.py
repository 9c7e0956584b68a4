"""Text of files and servers comes back as that text from Markdown, and acts on nobody."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kardia_ctl.render.escape import escape
from kardia_ctl.render.review.markdown_text import code, prose, summary
from kardia_ctl.render.review.prose import clipped

PARSERS: Final = (
    MarkdownIt("commonmark"),
    MarkdownIt("gfm-like", {"linkify": False}),
    MarkdownIt("js-default", {"html": True, "typographer": False}),
)

HOSTILE: Final = (
    "@everyone look",
    "fixes #123 and GH-7, see owner/repo#9, !12, ~label, %milestone, $x$, :tada:",
    "<b>bold</b> <script>alert(1)</script> <!-- --> <img src=x onerror=y> &lt; &amp;",
    "`code` ``two`` ``` fence",
    "| a | b |",
    "**bold** _it_ ~~gone~~ [x](javascript:y) ![i](//e.example.com/i.png) [r]: /u",
    "https://e.example.com/?a=b www.example.com mail@example.com",
    "a\nb\r\n# heading\n- item\n> quote\n    code",
    "1. one",
    "1) one",
    "- item",
    "+ item",
    "# heading",
    "> quote",
    "---",
    "===",
    "\u200b\u202eabc\u2066x\ufeff",
    "a\\b \\` \\@x",
    "</details> </summary> --> ]]>",
    "\x1b[31mred ::set-env name=A::b ##[error]x",
    "Ünï-cödé naïve 日本語 e-mail 12,345.67% (a) \"b\" 'c' isn't",
)

Check = Callable[[str], None]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
marks = st.text(st.sampled_from("`*_~<>[]()!#@|\\&;:-+=.1 \n\t$%^{}\"'/ab"), max_size=60)
texts = words | marks | st.sampled_from(HOSTILE)


class Reader(HTMLParser):
    """The text of HTML, and what is in it besides text in paragraphs and code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.plain = ""
        self.tags: set[str] = set()
        self.comments: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._code += tag == "code"

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.text += data
        if not self._code:
            self.plain += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def shown(text: str, longest: int = 600) -> str:
    return " ".join(clipped(escape(text), longest).split())


def everywhere(test: Check) -> Check:
    """Every hostile text is tried, whatever hypothesis finds."""
    for text in HOSTILE:
        test = example(text)(test)
    return given(texts)(test)


ACTS: Final = re.compile(r"[@#<>`*_~\[\]|\\$&]\S|[!:]\w|://|www\.|\w@\w")
"""What a code host may take for a mention, a reference, a link or an emoji, outside of code."""


def faults(markdown: str, text: str) -> list[str]:
    """What a line of Markdown becomes beside its text: other text, markup, or something that acts."""
    found = []
    for parser in PARSERS:
        read_back = read(parser.render(f"- **Why?** {markdown}\n"))
        if " ".join(read_back.text.split()) != f"Why? {shown(text)}".strip():
            found.append(f"the text {read_back.text!r}")
        found += sorted(read_back.tags - {"ul", "li", "strong", "code"}) + read_back.comments
        found += ACTS.findall(read_back.plain.removeprefix("Why?"))
    return found


@everywhere
def test_a_text_comes_back_as_that_text_and_acts_on_nobody(text: str) -> None:
    assert faults(prose(text), text) == []


@pytest.mark.parametrize(
    "text", ["<b>x</b>", "<!-- x", "@x", "#12", "*x*", "`x`", "https://a.example.com", "~x"]
)
def test_text_that_is_not_escaped_is_found(text: str) -> None:
    assert faults(text, text)


@everywhere
def test_a_code_span_holds_its_text_and_ends_where_it_should(text: str) -> None:
    for parser in PARSERS:
        read_back = read(parser.render(f"- {code(text)} · end\n"))
        assert " ".join(read_back.text.split()) == f"{shown(text, 300)} · end".strip()
        assert "".join(read_back.plain.split()) == "·end"


@everywhere
def test_a_summary_is_html_that_holds_its_text(text: str) -> None:
    markdown = f"<details><summary>{summary(text)}</summary>\n\n- item\n\n</details>\n\nafter\n"
    for parser in PARSERS[:1]:
        read_back = read(parser.render(markdown))
        assert " ".join(read_back.text.split()) == f"{shown(text)} item after".strip()
        assert read_back.tags <= {"details", "summary", "code", "ul", "li", "p"}
        assert not ACTS.search(read_back.plain)


def test_options_and_names_are_code_and_sentences_are_not() -> None:
    assert prose("Correct it in Kardia by hand, or list it under ignore_changes (e-mail).") == (
        "Correct it in Kardia by hand, or list it under `ignore_changes` (e-mail)."
    )
    assert prose("confirm with --distinct 'patient/~k3v9q2m7ab'.") == (
        "confirm with `--distinct 'patient/~k3v9q2m7ab'`."
    )


def test_a_long_text_is_cut_and_says_so() -> None:
    assert len(prose("word " * 1000)) == 600
    assert prose("word " * 1000).endswith("…")
