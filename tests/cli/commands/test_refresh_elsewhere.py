"""Plans that read nothing, of patients whom another workspace of the state records."""

from tests.cli.conftest import Desk

PATIENT = "  - {mrn: W-1, dob: 1990-01-02, email: w1@example.com, codes: [one-year]}\n"
HEAD = "version: 1\ntemplates: {one-year: 4qq0q0tSkSKziiUcyjOYbpi9whdo7403}\n"


def test_off_adopts_whom_another_workspace_records_as_a_full_plan_does(desk: Desk) -> None:
    desk.write(HEAD + "workspace: one\npatients:\n" + PATIENT)
    assert desk.apply().code == 0
    desk.write(HEAD + "workspace: two\npatients:\n" + PATIENT)
    for arguments in ((), ("--refresh", "off")):
        ran = desk.plan("--detailed-exitcode", *arguments)
        assert ran.code == 0
        assert "# patient/W-1 will be imported" in ran.out
        assert "connection_code/W-1/one-year will be created" not in ran.out
    assert ran.requests == []
