"""kardia-ctl: plan and apply for Kardia accounts."""

__version__ = "0.1.0"
