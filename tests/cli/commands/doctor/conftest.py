from tests.cli.commands.doctor.clinics import surgery

__all__ = ["surgery"]
