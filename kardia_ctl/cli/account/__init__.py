"""The account that a command talks to: endpoint, key, workspace and session."""
