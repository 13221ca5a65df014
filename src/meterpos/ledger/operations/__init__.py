"""Every write, by noun: a connection first, one user action each, never a commit."""
