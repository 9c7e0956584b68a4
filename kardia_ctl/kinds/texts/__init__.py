"""What a text that people enter can show of the programs it came through, and what no such text can be."""
