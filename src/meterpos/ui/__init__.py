"""The till window: the only part of meterpos that knows Qt. It knows neither SQL nor HTTP.

app.py        start-up in order: a typable window first, everything heavy after the first paint
window.py     the rail, the top bar and the pages
pages/        one screen each, made when first wanted (made.py)
models/       what a page knows, without Qt: the payment form; and what it asks of the ledger
widgets/      the parts pages are built from
tasks.py      the three verbs: read, write, outside; no I/O on the GUI thread, ever
theme.py      every number of the look        style.py   the style sheet made of them
words.py      every sentence, in English and Swahili (resources/translations)
messages.py   the one door an error passes on its way to a person
scanner.py    tells a scanner's burst from a typist
garbage.py    keeps Python's collector to the GUI thread
heartbeat.py  fails when the event loop stalls (tests)
"""

import builtins

import PySide6.QtCore  # noqa: F401

# PySide6 puts an import of its own in place of Python's: it reads the source of every module imported from then on, to
# look for its own name, for a spelling of its methods that nobody here uses; the standard library then keeps those
# texts. That cost a till 20 MiB and a good part of its start.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
