"""Which attributes of one resource differ. DeepDiff runs here alone, on what is known to differ."""

from collections.abc import Mapping

from kardia_ctl.model.plan import Values


def differing(
    before: Values, after: Values, compared: Mapping[str, tuple[str, str]]
) -> tuple[Values, Values]:
    """The part of before and after that differs.

    Args:
        before: Live values as they are shown.
        after: Desired values as they are shown.
        compared: For each attribute its live and desired value in the form in which they are compared.
    """
    from deepdiff import DeepDiff

    live = {name: pair[0] for name, pair in compared.items()}
    desired = {name: pair[1] for name, pair in compared.items()}
    changed = DeepDiff(live, desired, view="tree")
    names = {str(level.path(output_format="list")[0]) for levels in changed.values() for level in levels}
    return (
        {name: before.get(name) for name in compared if name in names},
        {name: after.get(name) for name in compared if name in names},
    )
