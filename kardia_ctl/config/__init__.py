"""Loads YAML and cohort files into a configuration, with the place of every value."""

from kardia_ctl.config.loader import load, load_account

__all__ = ["load", "load_account"]
