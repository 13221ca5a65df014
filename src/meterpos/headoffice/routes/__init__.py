"""What head office answers over HTTP, by noun; app.py puts them together."""
