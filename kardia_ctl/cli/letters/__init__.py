"""Where letters are written, and the fonts that they are printed in."""
