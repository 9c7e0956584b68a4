"""Who is meant by a name or an e-mail address that somebody says at the phone."""

from kardia_ctl.kinds.folding import words_of


def is_named(text: str, firstname: str, lastname: str) -> bool:
    """Whether each word of a text begins a word of the names, without regard to case, accents or order."""
    words = words_of(firstname, lastname)
    wanted = words_of(text)
    return bool(wanted) and all(any(word.startswith(part) for word in words) for part in wanted)


def has_address(text: str, email: str) -> bool:
    """Whether a text is part of an e-mail address, without regard to case."""
    return bool(text) and text.casefold() in email.casefold()
