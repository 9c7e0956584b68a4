"""JSON on one line, printed as it is made."""

from collections.abc import Iterator

import pytest

from kardia_ctl.cli.output.console import print_json_line
from kardia_ctl.render.json_pieces import Lazily

MANY = 100_000


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def document(made: list[int]) -> dict[str, Lazily]:
    def elements() -> Iterator[int]:
        for number in range(MANY):
            made.append(number)
            yield number

    return {"elements": Lazily(elements, str)}


def test_a_document_is_a_line(
    document: dict[str, Lazily], made: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    print_json_line(document)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith('{"elements":["0","1",')
    assert line.endswith('"99999"]}')
    assert len(made) == MANY


def test_nothing_more_is_made_for_a_reader_that_is_gone(
    document: dict[str, Lazily], made: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(text: str, *, nl: bool) -> None:
        raise BrokenPipeError(len(text), nl)

    monkeypatch.setattr("kardia_ctl.cli.output.console.click.echo", gone)
    monkeypatch.setattr("kardia_ctl.cli.output.console._discard_stdout", lambda: None)
    print_json_line(document)
    assert 0 < len(made) < MANY / 2
