"""An apply's progress and its report."""
