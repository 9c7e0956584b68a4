"""The verbs of ``kardia-ctl state``: a file for each thing that a person does with the state."""
