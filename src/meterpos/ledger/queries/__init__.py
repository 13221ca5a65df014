"""Every read, by noun: a connection first; frozen records back, never rows."""
