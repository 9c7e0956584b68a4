"""What differs, and nothing else; the library runs only on what is known to differ."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from kardia_ctl.planning.diff import differing

TEXTS = st.text(max_size=5)
PAIRS = st.dictionaries(
    st.sampled_from(["dob", "email", "firstname", "lastname", "sex"]), st.tuples(TEXTS, TEXTS)
)


@given(PAIRS)
def test_exactly_the_attributes_that_differ_are_shown(compared: dict[str, tuple[str, str]]) -> None:
    before = {name: f"live {pair[0]}" for name, pair in compared.items()}
    after = {name: f"desired {pair[1]}" for name, pair in compared.items()}
    different = [name for name, (live, desired) in compared.items() if live != desired]
    shown_before, shown_after = differing(before, after, compared)
    assert list(shown_before) == list(shown_after) == different
    assert shown_before == {name: before[name] for name in different}
    assert shown_after == {name: after[name] for name in different}


def test_values_are_shown_as_they_are_and_compared_as_they_mean() -> None:
    shown = differing({"email": "JOE@example.com"}, {"email": "Jo@example.com"}, {"email": ("joe@e", "jo@e")})
    assert shown == ({"email": "JOE@example.com"}, {"email": "Jo@example.com"})


def test_planning_does_not_import_the_library_before_something_differs() -> None:
    program = (
        "import sys; import kardia_ctl.planning.planner; import kardia_ctl.planning.saved.file; "
        "sys.exit('deepdiff' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
