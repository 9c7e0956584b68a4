"""What a person reads when a command fails."""

from pathlib import Path

from kardia_ctl import __version__
from kardia_ctl.model.errors import ConfigurationError, KardiaError
from kardia_ctl.render.escape import escape
from kardia_ctl.render.problems import problems_text
from kardia_ctl.render.view import View


def failure_text(error: Exception) -> str:
    """The message of an error: our own as they are; any other by its type and place, without its values."""
    match error:
        case ConfigurationError():
            return problems_text(error.problems, View())
        case KardiaError():
            return f"Error: {escape(str(error))}"
        case OSError() if error.filename is not None:
            return f"Error: {escape(str(error.filename))}: {error.strerror}"
        case OSError() if error.strerror:
            return f"Error: {error.strerror}"
        case _:
            return _bug(error)


def _bug(error: Exception) -> str:
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {Path(place.tb_frame.f_code.co_filename).name}:{place.tb_lineno}"
    return (
        f"Error: kardia-ctl {__version__} met what it does not handle: {type(error).__name__}{where}. "
        "What was sent so far is recorded. Please report this line; KARDIA_DEBUG=1 shows the traceback, "
        "which may hold patients' values"
    )
