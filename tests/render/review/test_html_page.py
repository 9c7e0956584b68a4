"""The HTML page: what it holds, what it never holds, and that a screen reader finds its way."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import given

from kardia_ctl.model.plan import Plan
from kardia_ctl.render.escape import escape
from kardia_ctl.render.plan.summary import counts_line, no_changes
from kardia_ctl.render.review.html_page import html_page
from kardia_ctl.render.review.page_content import review_page
from kardia_ctl.render.review.review_page import HTML_BEGINS
from tests.render.plan.test_any_plan import MARK, plans
from tests.render.review.plans import CONTEXT, SAMPLES, clinic, dangerous


class Outline(HTMLParser):
    """Elements and attributes of a page, its headings and its visible text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.headings: list[tuple[int, str]] = []
        self.text = ""
        self._hidden = self._heading = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden += tag in ("style", "script")
        if re.fullmatch("h[1-6]", tag):
            self._heading = int(tag[1])
            self.headings.append((self._heading, ""))

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "script")
        self._heading *= tag != f"h{self._heading}"

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.text += data
        if self._heading:
            level, text = self.headings[-1]
            self.headings[-1] = level, text + data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(plan: Plan) -> str:
    return html_page(review_page(plan, CONTEXT))


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    return found


@given(plans)
def test_any_plan_has_a_page_that_is_whole_ordered_and_loads_nothing(plan: Plan) -> None:
    page = page_of(replace(plan, digest="d1:7v1k0r0mt94hx2pk7zzz"))
    assert page.startswith(HTML_BEGINS)
    assert page.endswith("</body>\n</html>\n")
    assert MARK not in page
    assert page.replace("\n", "").isprintable()
    found = outline(page)
    levels = [level for level, _ in found.headings]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert levels.count(1) == 1
    counts = no_changes(plan) if plan.is_empty else counts_line(plan)
    assert found.headings[0][1] == " ".join(escape(counts).split())
    assert "d1:7v1k0r0mt94hx2pk7zzz" in found.text[: found.text.index("Who is affected?")]
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {tag for tag, _ in found.elements} <= {
        "html", "head", "meta", "title", "style", "script", "body", "header", "main", "footer", "nav",
        "section", "search", "h1", "h2", "h3", "p", "dl", "dt", "dd", "ul", "li", "a", "strong", "code",
        "span", "div", "details", "summary", "table", "caption", "thead", "tbody", "tr", "th", "td",
        "label", "input", "output",
    }  # fmt: skip
    for _, attributes in found.elements:
        assert not {"src", "srcset", "style", "onclick", "onload"} & attributes.keys()
        assert attributes.get("href", "#").startswith("#")
    assert all(attributes.get("scope") in ("col", "row") for attributes in found.all("th"))
    assert len(found.all("caption")) == len(found.all("table"))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_policy_allows_its_own_style_and_script_alone(name: str) -> None:
    policy = next(
        attributes["content"]
        for attributes in outline(page_of(SAMPLES[name]())).all("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    hashed = "'sha256-[A-Za-z0-9+/]{43}='"
    assert re.fullmatch(
        f"default-src 'none'; style-src {hashed}; script-src {hashed}; base-uri 'none'; form-action 'none'",
        policy,
    )


def test_everything_is_there_without_the_script() -> None:
    page = page_of(clinic(201, 200))
    assert page.count("patient/~") == 201
    assert page.count("connection_code/~") == 200
    assert page.index("<script>") > page.index("</footer>")
    assert "letter of 2 March" not in page_of(dangerous())


def test_very_many_rows_are_capped_counted_and_the_way_to_all_is_named() -> None:
    page = page_of(clinic(5000, 5000))
    assert page.count("<tr>") < 4000
    text = " ".join(outline(page).text.split())
    assert "5000 patients to create" in text
    listed = page.count('<tr><th scope="row">')
    orders = listed - 1  # each patient who is listed stands for the order as well
    assert (
        f"This page is cut: {10_001 - listed - orders} addresses or notices are counted and not listed."
        in text
    )
    assert "does not approve what it does not show: kardia-ctl show --full" in text
