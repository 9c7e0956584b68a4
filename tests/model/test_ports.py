"""Ports refuse what a subclass does not define: a fake has only the methods that its test is about."""

import inspect

import pytest

from kardia_ctl.api.pro import ProReader, ProWriter
from kardia_ctl.model.errors import ApiError, NotExecuted
from kardia_ctl.model.kinds import Kind
from kardia_ctl.model.ports import Reader, Writer


def methods(port: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(port, inspect.iscoroutinefunction)]


def arguments(method: object) -> list[object]:
    """A value for each parameter: a kind where the method takes one."""
    names = inspect.signature(method).parameters  # type: ignore[arg-type]  # a bound method
    return [Kind.SERVICE_PROVIDER if name == "kind" else "x" for name in names]


@pytest.mark.parametrize("port", [Reader(), Writer()])
async def test_a_port_refuses_everything_by_itself(port: Reader | Writer) -> None:
    error = ApiError if isinstance(port, Reader) else NotExecuted
    assert methods(type(port))
    for name in methods(type(port)):
        method = getattr(port, name)
        with pytest.raises(error, match=rf"{type(port).__name__} cannot .* is a bug"):
            await method(*arguments(method))


def test_pro_defines_what_it_has_and_nothing_else() -> None:
    assert {name for name in methods(Reader) if name in vars(ProReader)} == {"setting"}
    refused = {name for name in methods(Writer) if name not in vars(ProWriter)}
    assert refused == {"add_service_provider", "delete_patient", "export_patient"}


async def test_pro_refuses_the_settings_that_it_does_not_have() -> None:
    with pytest.raises(ApiError, match="ProReader cannot read the QT callback URL"):
        await ProReader(None).setting(Kind.QT_CALLBACK)  # type: ignore[arg-type]  # nothing is sent
    with pytest.raises(NotExecuted, match="ProWriter cannot set the QT callback URL"):
        await ProWriter(None).set_setting(Kind.QT_CALLBACK, "x")  # type: ignore[arg-type]  # nothing is sent
