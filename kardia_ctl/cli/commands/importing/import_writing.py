"""Writes the files of an import, and the keys of kardia.yaml that name them."""

from collections.abc import Mapping
from dataclasses import replace

from kardia_ctl.cli.account.workspace import Workspace
from kardia_ctl.cli.commands.importing.import_options import (
    ImportFormat,
    ImportOptions,
    main_file,
    shown_path,
)
from kardia_ctl.cli.files.edited_configuration import add_to_configuration, not_included
from kardia_ctl.cli.files.imported_files import ImportedFiles
from kardia_ctl.cli.files.new_files import write_new_files
from kardia_ctl.config.encryption.plain_texts import plain_name
from kardia_ctl.config.writing.additions import Additions, lines_to_add
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.model.results import ImportReport
from kardia_ctl.model.template import LiveTemplate
from kardia_ctl.planning.inputs import PlanInputs
from kardia_ctl.planning.live.importable import ORDERED, Importable
from kardia_ctl.planning.live.live_settings import importable_settings
from kardia_ctl.planning.live.template_labels import label_of, undeclared_templates
from kardia_ctl.planning.live.undeclared import recorded_elsewhere, undeclared_count


def write_import(
    workspace: Workspace, inputs: PlanInputs, wanted: ImportOptions, *, requests: int
) -> ImportReport:
    """Write what is live and not declared.

    The files come first: they count only once kardia.yaml names them.

    Raises:
        RunStopped: a file cannot be written; then none is.
    """
    main = main_file(workspace)
    templates = undeclared_templates(inputs.observed.templates or (), inputs.desired.templates)
    importable = Importable(inputs, _label(wanted, inputs, templates))
    files = ImportedFiles(main.parent / str(wanted.into), importable, workspace.configuration.recipients)
    cohort = wanted.cohort or ""
    if wanted.form is ImportFormat.CSV:
        write_new_files(files.as_cohort(cohort))
    else:
        split = wanted.split or 0
        several = (undeclared_count(inputs) or 0) > split
        write_new_files(files.as_yaml(split, several=several))
    settings, unset = importable_settings(inputs, workspace.configuration.callback_hosts)
    csv = {file.path: plain_name(file.path) for file in files.made if plain_name(file.path).suffix == ".csv"}
    additions = Additions(
        {address.kind.value: url for address, url in settings.items()},
        {label: template.id for label, template in templates.items()},
        not_included(main, [file.path for file in files.made if file.path not in csv]),
        {plain.stem: path.relative_to(main.parent).as_posix() for path, plain in csv.items()},
    )
    edited = bool(additions) and add_to_configuration(main, additions)
    return ImportReport(
        shown_path(workspace, main),
        files=[replace(file, path=shown_path(workspace, file.path)) for file in files.made],
        edited=tuple(name for name, _ in additions.sections()) if edited else (),
        lines="" if edited else lines_to_add(additions),
        templates=len(templates),
        settings=tuple(settings),
        unset=unset,
        left_out=importable.left_out,
        elsewhere=recorded_elsewhere(inputs),
        dropped=importable.dropped,
        ordered={status: importable.statuses[status] for status in ORDERED},
        codes=importable.codes,
        requests=requests,
    )


def _label(wanted: ImportOptions, inputs: PlanInputs, found: Mapping[str, LiveTemplate]) -> str:
    """The name in the YAML of the template whose codes are to be declared; empty when none is."""
    if wanted.codes is None:
        return ""
    label = label_of(wanted.codes, inputs.desired.templates, found)
    if label is None:
        known = ", ".join(sorted({*inputs.desired.templates, *found})) or "none"
        raise RunStopped(f"--codes {wanted.codes}: there is no such template. Known are: {known}")
    return label
