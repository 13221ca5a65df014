"""Offline-first point of sale for utility pay points: a till that never loses a payment, and its head office.

cli         one file per command group: parse, one operation or query, print
ui          the till's window; the only room that knows Qt
headoffice  the server: intake of journals, the feed down, billing, reports
till        the till as a whole, for window and commands alike
sync        the till's side of the exchange with head office
printing    documents, composed once, rendered to thermal paper, PDF and screen
ledger      the heart, the same at till and head office
settings    frozen settings; the only reader of environment and meterpos.toml
"""

__version__ = "0.1.0"
