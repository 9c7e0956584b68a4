"""Loads YAML and cohort files into a configuration, with the place of every value."""

from kardia_ctl.config.account_settings import load_account
from kardia_ctl.config.loader import load

__all__ = ["load", "load_account"]
