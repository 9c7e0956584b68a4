"""What a command prints: messages, progress and questions."""
