"""The command line: the only place that prints, prompts, exits and reads the environment."""
