"""How fast an apply sent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """The request rate of the last apply: requests per second, with ``parallelism`` in flight."""

    per_second: float
    parallelism: int

    def __str__(self) -> str:
        return f"{self.per_second:.3f} {self.parallelism}"

    @classmethod
    def parse(cls, text: str) -> "Rate | None":
        """The rate that ``str`` returned as this text; None for any other text."""
        first, _, second = text.partition(" ")
        whole, _, part = first.partition(".")
        if not (whole.isdecimal() and (part or "0").isdecimal() and second.isdecimal()):
            return None
        return cls(float(first), int(second)) if float(first) > 0 else None
