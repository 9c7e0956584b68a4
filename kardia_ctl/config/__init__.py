"""YAML and CSV → what should exist, every value with the place it was written at."""

from kardia_ctl.config.loader import load, load_account

__all__ = ["load", "load_account"]
