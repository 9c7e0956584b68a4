"""Make both pages of a plan that creates very many patients, and print what that took.

python make_pages.py PATIENTS
"""

import json
import resource
import sys
import time

from kardia_ctl.model.address import code_address, patient_address
from kardia_ctl.model.plan import Action, Cause, Change, Plan, in_order
from kardia_ctl.model.source import Source
from kardia_ctl.model.template import Template
from kardia_ctl.render.pseudonyms import Pseudonyms
from kardia_ctl.render.review.html_page import html_page
from kardia_ctl.render.review.markdown_page import markdown_page
from kardia_ctl.render.review.page_content import review_page
from kardia_ctl.render.review.review_page import PageContext

VALUES = {"dob": "1990-01-02", "email": "joe@example.com", "firstname": "Joe", "lastname": "Smith"}


def plan_of(patients: int) -> Plan:
    """Every patient and a code for each, out of one file."""
    changes = []
    for number in range(patients):
        mrn, source = f"SP-{number:07}", Source("cohorts/spring.csv", number + 2)
        values = {"mrn": mrn, **VALUES}
        changes.append(
            Change(patient_address(mrn), Action.CREATE, Cause.DECLARED, after=values, source=source)
        )
        code, values = code_address(mrn, "one-year"), {"template": "one-year"}
        changes.append(Change(code, Action.CREATE, Cause.DECLARED, after=values, target="T1", source=source))
    return Plan(changes=in_order(changes), templates=(Template("one-year", "T1"),))


def main(patients: int) -> None:
    """Print the seconds that the pages took, the most memory of the whole process, and how long they are."""
    plan = plan_of(patients)
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    page = review_page(plan, PageContext(Pseudonyms(b"an invented key"), "default"))
    lengths = [len(markdown_page(page).encode()), len(html_page(page).encode())]
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    units = 1 if sys.platform == "darwin" else 1024
    found = {"seconds": seconds, "cpu": cpu, "bytes": after.ru_maxrss * units}
    print(json.dumps({**found, "lengths": lengths}))  # noqa: T201 - a program's result


if __name__ == "__main__":
    main(int(sys.argv[1]))
