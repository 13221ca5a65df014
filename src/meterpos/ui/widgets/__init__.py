"""The parts pages are built from: each wears the tokens of theme.py and names itself to a screen reader."""
