"""The Markdown page: what it always says, how long it may be, and how it looks."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from kardia_ctl.model.plan import Action, Plan, in_order
from kardia_ctl.model.source import Source
from kardia_ctl.planning.checks.drift import drift_of
from kardia_ctl.render.names import MRNS
from kardia_ctl.render.plan.summary import counts_line, no_changes
from kardia_ctl.render.review.markdown_page import MOST_BYTES, markdown_page
from kardia_ctl.render.review.page_content import drift_page, review_page
from kardia_ctl.render.review.review_page import MARKDOWN_BEGINS, Directory, PageContext
from tests.render.conftest import Golden
from tests.render.plan.test_any_plan import MARK, plans
from tests.render.review.plans import CONTEXT, SAMPLES, blocked, clinic, dangerous, departing, drifted
from tests.render.review.test_markdown_text import read

MARKDOWN = MarkdownIt("commonmark")


def page_of(plan: Plan, context: PageContext = CONTEXT, most: int = MOST_BYTES) -> str:
    return markdown_page(review_page(plan, context), most)


def rendered(page: str) -> str:
    return " ".join(read(MARKDOWN.render(page)).text.split())


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_looks_as_its_golden(name: str, golden: Golden) -> None:
    golden(f"review-{name}.md", page_of(SAMPLES[name]()))


@given(plans.map(lambda plan: replace(plan, digest="7v1k-r0mt-94hx")))
def test_counts_and_digest_stand_in_the_first_visible_line(plan: Plan) -> None:
    first, second, *_ = page_of(plan).split("\n")
    assert first.startswith(MARKDOWN_BEGINS)
    assert first.endswith(" -->")
    expected = no_changes(plan) if plan.is_empty else counts_line(plan)
    assert rendered(second) == f"{expected} Digest: 7v1k-r0mt-94hx"


@given(plans)
def test_no_value_and_no_reason_of_a_departure_is_in_it(plan: Plan) -> None:
    assert MARK not in page_of(plan)
    assert "letter of 2 March" not in page_of(dangerous())


@given(plans)
def test_no_page_acts_on_a_terminal_or_a_runner(plan: Plan) -> None:
    page = page_of(plan)
    assert page.replace("\n", "").isprintable()
    assert not re.search(r"^\s*::|##\[|##vso", page, re.MULTILINE)


@given(plans)
def test_html_in_it_is_ours_and_balanced(plan: Plan) -> None:
    html = MARKDOWN.render(page_of(plan))
    found = read(html)
    assert found.tags <= {
        "h3", "h4", "ul", "li", "p", "strong", "code", "blockquote", "details", "summary", "sub", "hr",
    }  # fmt: skip
    assert len(found.comments) == 1
    assert html.count("<details>") == html.count("</details>")


def test_the_marker_is_the_same_for_every_plan_of_a_configuration_and_another_elsewhere() -> None:
    places = ("", "clinics/south", "a--b-->c", "x" * 500, "<b>", "\ud800")
    contexts = [CONTEXT, *(replace(CONTEXT, directory=Directory(place)) for place in places)]
    contexts.append(replace(CONTEXT, workspace="trial"))
    markers = [page_of(clinic(), context).split("\n")[0] for context in contexts]
    assert len(set(markers)) == len(markers)
    assert markers[0] == page_of(dangerous()).split("\n")[0]
    for marker in markers:
        assert re.fullmatch(r"<!-- kardia-ctl review [\w./~% ]{1,300} -->", marker)


def hostile_plan(text: str, changes: int) -> Plan:
    """Very many different reasons, files and addresses, each as long as they come."""
    return Plan(
        changes=in_order(
            [
                *(
                    replace(blocked(f"A-{number}{text}", number + 1, f"{number} {text}"),
                            source=Source(f"{text}{number}.yaml", number + 1))
                    for number in range(changes)
                ),
                *(departing(f"D-{number}", Action.DELETE, number + 1, text, 0, text) for number in range(20)),
            ]
        ),
        stops=tuple(f"{number} {text}" for number in range(30)),
        digest="7v1k-r0mt-94hx",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["\U0001f9d1" * 400, "`@a` " * 200, "word " * 300, "\u202e" * 300])
@pytest.mark.parametrize("changes", [1, 150])
def test_a_page_never_exceeds_the_limit_of_a_comment_and_keeps_its_answers(text: str, changes: int) -> None:
    page = page_of(
        hostile_plan(text, changes), replace(CONTEXT, directory=Directory(text), workspace=text[:60])
    )
    assert len(page.encode()) <= MOST_BYTES
    assert "7v1k-r0mt-94hx" in page.split("\n")[1]
    for question in ("Who is affected?", "What cannot be undone?", "What does it cost?", "May I merge?"):
        assert f"- **{question}**" in page
    assert ("This page is cut:" in page) == (changes > 1)


HUNDREDS = review_page(clinic(300, 300), CONTEXT)


@given(st.integers(3_000, 50_000))
def test_any_limit_is_kept_and_the_page_says_when_it_is_cut(most: int) -> None:
    page = markdown_page(HUNDREDS, most)
    assert len(page.encode()) <= most
    assert ("This page is cut:" in page) == (page.count("`patient/~") < 300)


def test_a_cut_page_says_what_it_does_not_show_and_that_it_is_no_approval() -> None:
    page = page_of(clinic(5000, 5000))
    listed = 2 * page.count("- `patient/~") + page.count("- `callback`")  # and each one's order
    assert (
        f"This page is cut: {10_001 - listed} addresses or notices are counted, and not listed."
        in rendered(page)
    )
    assert "does not approve what it does not show" in page
    assert "5000 patients to create" in page
    assert page.index("May I merge?") < page.index("This page is cut") < page.index("#### Added")


def test_deletions_and_what_is_blocked_are_never_folded_away() -> None:
    many = [departing(f"D-{number}", Action.DELETE, number + 1, "none", 0, "moved") for number in range(40)]
    page = page_of(Plan(changes=in_order([*many, *clinic(40, 0).changes])))
    assert page.index("40 patients to delete") < page.index("<details>") < page.index("40 patients to create")
    assert page.count("- `patient/~") == 80


def test_a_warning_of_the_context_stands_before_the_answers() -> None:
    page = page_of(clinic(), replace(CONTEXT, warnings=("this plan was not verified",)))
    assert page.index("this plan was not verified") < page.index("Who is affected?")
    assert "- **May I merge?** Not by this page alone: see the warning above." in page


@pytest.mark.parametrize(
    ("spelled", "place", "shown"),
    [
        ((".",), "cohorts/spring.csv:6", "clinics/north/cohorts/spring.csv:6"),
        (("clinics/north",), "clinics/north/kardia.yaml:6:5", "clinics/north/kardia.yaml:6:5"),
        (("../north", "/srv/repo/clinics/north"), "/srv/repo/clinics/north/a.yaml", "clinics/north/a.yaml"),
        (("../north",), "../north/a.yaml:1", "clinics/north/a.yaml:1"),
        ((".",), "/home/somebody/elsewhere/a.yaml:3", "a.yaml:3"),
        (("north",), "northern/a.yaml:3", "northern/a.yaml:3"),
        ((".",), "", ""),
    ],
)
def test_a_place_is_named_by_its_path_in_the_repository(
    spelled: tuple[str, ...], place: str, shown: str
) -> None:
    assert Directory("clinics/north", spelled).place(place) == shown
    assert Directory("", spelled).place(place).lstrip("/") == shown.removeprefix("clinics/north/")


def test_the_page_of_drift_says_what_moved_and_what_a_person_can_do() -> None:
    plan = drift_of(drifted())
    page = markdown_page(drift_page(plan, CONTEXT))
    assert page.split("\n")[0] == "<!-- kardia-ctl review clinics/north default drift -->"
    assert page.split("\n")[1] == "### Drift: 2 resources moved in Kardia."
    assert "- **What moved?** 2 patients." in page
    assert "- **What can I do?** To take the live values into the files: kardia-ctl import `--update" in page
    assert "May I merge?" not in page
    nothing = markdown_page(drift_page(drift_of(clinic()), CONTEXT))
    assert "### No drift." in nothing
    assert "- **What can I do?** Nothing." in nothing


def test_a_page_whose_addresses_hold_mrns_says_so() -> None:
    assert "kardia-ctl reveal" not in page_of(clinic(), replace(CONTEXT, names=MRNS))
    page = page_of(clinic(), replace(CONTEXT, names=MRNS))
    assert "`patient/SP-000001`" in page
    assert "Addresses hold mrns" in page
