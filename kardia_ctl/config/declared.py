"""What a revision of the files declares: without the environment, and without what nothing here opens."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path, PurePosixPath

from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.encryption.plain_texts import PlainTexts, Unlocking
from kardia_ctl.config.interpolation import References
from kardia_ctl.config.loader import load_in
from kardia_ctl.config.source_files import Unopened, UnusableFile
from kardia_ctl.instant import Instant
from kardia_ctl.model.configuration import Configuration
from kardia_ctl.model.source import Source


@dataclass(frozen=True, slots=True)
class Declared:
    """A configuration, and the files of it that are encrypted and were not opened.

    ``unopened`` has the SHA-256 (hex) of each, by its path from the configuration's directory.
    """

    configuration: Configuration
    unopened: Mapping[str, str]


class DeclaredContext(LoadContext):
    """Leaves out the files that cannot be opened, instead of reporting them."""

    def unusable(self, source: Source, error: UnusableFile) -> None:
        """Report why a file cannot be used, unless nothing here opens it."""
        if not isinstance(error, Unopened):
            super().unusable(source, error)


def load_declared(main: Path, shown: Path, now: Instant, unlocking: Unlocking) -> Declared:
    """Read what the file ``main`` declares.

    References to the environment stay as they are written. File names in sources begin with ``shown``, which
    stands for the directory of ``main``. ``now`` and ``unlocking`` as for ``load``.

    Raises:
        ConfigurationError: with every problem of all files.
    """
    texts = PlainTexts(unlocking)
    context = DeclaredContext(main.parent.resolve(), shown, References(), texts=texts)
    configuration = load_in(context, PurePosixPath(main.name), now)
    return Declared(configuration, {str(file): _digest(context.root / file) for file in texts.unopened})


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
