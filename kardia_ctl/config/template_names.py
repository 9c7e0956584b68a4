"""The names of templates in a patient's codes."""

from functools import lru_cache

from kardia_ctl.kinds.formats import MAX_LENGTH


@lru_cache(maxsize=1 << 12)
def are_plain_codes(names: tuple[str, ...]) -> bool:
    """Whether the schema accepts a list of template names."""
    return len(set(names)) == len(names) and all(
        0 < len(name) <= MAX_LENGTH and name.isprintable() for name in names
    )
