"""What kardia.yaml declares about the account, for commands that need no patients."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from kardia_ctl.config import sections
from kardia_ctl.config.context import LoadContext
from kardia_ctl.config.document import YamlFile, read_yaml_file
from kardia_ctl.config.loader import collector_paused, main_file
from kardia_ctl.config.source_files import UnusableFile, lexical, matches
from kardia_ctl.model.configuration import Configuration, Desired
from kardia_ctl.model.errors import ConfigurationError
from kardia_ctl.model.source import Source


def load_account(path: Path, environ: Mapping[str, str]) -> Configuration:
    """Read what a configuration declares about the account: region, dialect, state; no patients, no includes.

    Raises:
        ConfigurationError: with every problem of that one file.
    """
    main = main_file(path)
    context = LoadContext(main.parent.resolve(), main.parent, environ)
    relative = PurePosixPath(main.name)
    here = Source(context.name(relative), 1, 1)
    yaml_file = None
    with collector_paused():
        try:
            context.begin(relative, here)
            yaml_file = read_yaml_file(relative, context, included=False)
        except UnusableFile as error:
            context.unusable(here, error)
    if yaml_file is not None:
        sections.check_state(yaml_file, context)
        sections.check_recipients(yaml_file, context)
    if yaml_file is None or context.problems:
        raise ConfigurationError(context.sorted_problems())
    found = sections.configuration(yaml_file, context.root, Desired(yaml_file.document.tree.get("team", "")))
    return replace(found, sources=(*context.files(), *_named_files(yaml_file, context)))


def _named_files(main: YamlFile, context: LoadContext) -> Iterator[Path]:
    """The files that kardia.yaml itself names, for a command that does not read them."""
    cohorts = (main.value("cohorts") or {}).values()
    for name in (*(main.value("include") or ()), *(cohort.get("source", "") for cohort in cohorts)):
        with suppress(UnusableFile):
            found = matches(context.root, lexical(main.relative.parent, name))
            yield from (context.root / relative for relative in found)
