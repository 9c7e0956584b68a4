"""``kardia-ctl get recording``, ``get pdf`` and ``get report``."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from kardia_ctl.cli.account.account_workspace import check_shown, workspace_from, workspace_options
from kardia_ctl.cli.account.connection import in_session
from kardia_ctl.cli.commands.get.patient import PatientName, patient_id, patient_options
from kardia_ctl.cli.naming import named_record
from kardia_ctl.cli.options import (
    FILE,
    json_option,
    moment,
    out_option,
    show_phi_option,
    shows_phi,
    time_of,
)
from kardia_ctl.cli.output.console import print_message
from kardia_ctl.cli.outputs import Output, check_outputs, never, starts_with
from kardia_ctl.cli.private_files import print_or_write, write_private
from kardia_ctl.model.errors import RunStopped
from kardia_ctl.render.records.ecg import Ecg, Filtering, NoEcg, read_ecg
from kardia_ctl.render.records.ecg_strip import FORMS, CannotDraw, ecg_csv, ecg_picture
from kardia_ctl.render.records.listing import json_line, record_text
from kardia_ctl.render.records.record_columns import RECORDING
from kardia_ctl.render.records.visibility import visible_record
from kardia_ctl.render.text import count_of

if TYPE_CHECKING:
    from datetime import datetime

    from kardia_ctl.api.client import Session

SAMPLES: Final = starts_with("time_s,")
"""An existing file of samples may be replaced by samples."""

_ENDINGS: Final = tuple(f".{form}" for form in FORMS)


@click.command("recording")
@click.argument("recording")
@click.option("--csv", "csv", type=FILE, metavar="FILE", help="Write the samples, in millivolts, as CSV.")
@click.option("--plot", type=FILE, metavar="FILE", help="Draw the strip: a .png, .pdf or .svg.")
@click.option(
    "--data",
    "filtering",
    type=click.Choice([filtering.value for filtering in Filtering]),
    help="Which samples to use (default: enhanced, when the recording has both).",
)
@json_option("Print a JSON object, with every sample as the API sent it.")
@out_option()
@show_phi_option
@workspace_options
def recording_command(
    recording: str,
    csv: Path | None,
    plot: Path | None,
    filtering: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Show one RECORDING, an ECG named by its id.

    --csv and --plot extract its samples. The picture is ECG paper, 25 mm a second and 10 mm a millivolt, with
    every lead, the recording's id and time, and no name. It needs matplotlib: pip install 'kardia-ctl[plot]'.
    When the recording does not declare its resolution, samples stay in ADC units, and the columns and the
    picture say so.
    """
    out = options.pop("out")
    show_phi = shows_phi(asked=options.pop("show_phi"), out=out)
    workspace = workspace_from(options)
    named = (("--csv", csv, SAMPLES), ("--plot", plot, never), ("--out", out, never))
    outputs = [Output(option, file, ours) for option, file, ours in named if file is not None]
    check_outputs(outputs, workspace.inputs, workspace.private)
    if plot is not None and plot.suffix.lower() not in _ENDINGS:
        raise RunStopped(f"--plot {plot}: the name must end in {', '.join(_ENDINGS)}")
    row = in_session(workspace, lambda session: session.records().recording(recording))
    if csv is not None or plot is not None:
        _write_samples(row, recording, csv, plot, Filtering(filtering) if filtering else None)
    if (csv is None and plot is None) or out is not None or as_json:
        row = named_record(row, is_own_file=out is not None, fields=("customParticipantID",))
        print_or_write(_text(row, show_phi=show_phi, as_json=as_json), out, never)


def _text(row: Mapping[str, Any], *, show_phi: bool, as_json: bool) -> str:
    """The recording: as JSON with its samples, else with a summary of them."""
    shown = visible_record(row, RECORDING, str, show_phi=show_phi)
    if as_json:
        return f"{json_line(shown)}\n"
    shown.pop("data", None)
    return record_text(shown | {"samples": _summary(row)}, RECORDING)


def _summary(row: Mapping[str, Any]) -> str:
    """The samples in one line."""
    try:
        ecg = read_ecg(row)
    except NoEcg as error:
        return f"none: {error}"
    number = max(len(lead.samples) for lead in ecg.leads)
    names = ", ".join(lead.name for lead in ecg.leads)
    return f"{count_of(number, 'sample')} at {ecg.frequency:g} Hz in {ecg.unit}: {names}"


def _write_samples(
    row: Mapping[str, Any],
    recording: str,
    csv: Path | None,
    plot: Path | None,
    filtering: Filtering | None,
) -> None:
    try:
        ecg = read_ecg(row, filtering)
        if csv is not None:
            write_private(csv, ecg_csv(ecg).encode(), SAMPLES)
        if plot is not None:
            form = plot.suffix.lower().removeprefix(".")
            write_private(plot, ecg_picture(ecg, _title(row, recording, ecg), form), never)
    except (NoEcg, CannotDraw) as error:
        raise RunStopped(str(error)) from error
    if ecg.unit != "mV":
        print_message(
            "Warning: the recording has no amplitudeResolution, so its samples stay in ADC units instead of "
            "millivolts"
        )


def _title(row: Mapping[str, Any], recording: str, ecg: Ecg) -> str:
    """The title of the picture, without personal data."""
    at = time_of(row.get("recordedAt"))
    scale = "25 mm/s, 10 mm/mV" if ecg.unit == "mV" else "25 mm/s, height in ADC units, not to scale"
    kind = f", {ecg.filtering}" if ecg.filtering else ""
    return f"Recording {recording}{f', {at.isoformat()}' if at else ''}, {scale}{kind}"


@click.command("pdf")
@click.argument("recording")
@out_option(required=True)
@workspace_options
def pdf_command(recording: str, out: Path, **options: Any) -> None:
    """Write the PDF of one RECORDING to --out FILE. RECORDING is its id; the PDF names the patient."""
    workspace = workspace_from(options)
    check_outputs([Output("--out", out, never)], workspace.inputs, workspace.private)
    _write_pdf(in_session(workspace, lambda session: session.records().pdf(recording)), out)


@click.command("report")
@patient_options()
@click.option("--from", "start", type=moment, metavar="DATE", help="Start at this day (UTC) or time.")
@click.option("--to", "end", type=moment, metavar="DATE", help="End at this day (UTC) or time.")
@click.option("--date-format", type=click.Choice(["us", "iso"]), help="Format of dates (default: us).")
@out_option(required=True)
@workspace_options
def report_command(
    mrn: str | None,
    identifier: str | None,
    start: "datetime | None",
    end: "datetime | None",
    date_format: str | None,
    out: Path,
    **options: Any,
) -> None:
    """Write a patient's summary report as PDF.

    The report covers the last 30 days, or --from and --to.
    """
    if start is not None and end is not None and end <= start:
        raise RunStopped("--to must be later than --from")
    query = {"startTime": _rfc3339(start), "endTime": _rfc3339(end), "dateFormat": date_format}
    workspace, name = workspace_from(options), PatientName(mrn, identifier)
    check_outputs([Output("--out", out, never)], workspace.inputs, workspace.private)
    check_shown(workspace, "summary reports")

    async def read(session: "Session") -> bytes:
        records = session.records()
        patient = await patient_id(workspace, records, name)
        return await records.report(patient, {name: value for name, value in query.items() if value})

    _write_pdf(in_session(workspace, read), out)


def _rfc3339(moment: "datetime | None") -> str:
    return "" if moment is None else moment.isoformat().replace("+00:00", "Z")


def _write_pdf(data: bytes, out: Path) -> None:
    write_private(out, data, never)
    print_message(f"{out}: {len(data)} bytes, readable only by you.")
