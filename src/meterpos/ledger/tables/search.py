"""The search index's tables: derived from customers and accounts, SQLite only, dropped and built again at will.

They are no part of the metadata: PostgreSQL has none of them, and no migration ever needs to carry them along.
"""

from typing import Final

from sqlalchemy import column, table

VERSION: Final = 1
"""Goes up with every change of these tables or of how text is folded; an index of another version is built again."""

STATE: Final = f"search_state_{VERSION}"
TABLES: Final = ("search_people", "search_numbers", "search_words", "search_pieces")

# place: the customer's place in the alphabet, those who left last: so that FTS5, which answers in the order of its
# rowids, answers in the order people read, and the first few of a hundred thousand matches are the right few.
# detail, columnsize and content: nothing is kept that ranking by frequency would need, because nothing is ranked by it.
CREATE: Final = (
    f"CREATE TABLE {STATE} (built INTEGER NOT NULL, added INTEGER NOT NULL)",
    "CREATE TABLE search_people (place INTEGER PRIMARY KEY, customer_no TEXT NOT NULL UNIQUE, "
    "has_left INTEGER NOT NULL, name TEXT NOT NULL, numbers TEXT NOT NULL)",
    "CREATE INDEX ix_search_people_name ON search_people (has_left, name, customer_no)",
    "CREATE TABLE search_numbers (kind TEXT NOT NULL, number TEXT NOT NULL, place INTEGER NOT NULL, "
    "shown TEXT NOT NULL, PRIMARY KEY (kind, number, place)) WITHOUT ROWID",
    "CREATE VIRTUAL TABLE search_words USING fts5(words, content='', detail=none, columnsize=0, tokenize='ascii', "
    "prefix='1 2 3')",
    "CREATE VIRTUAL TABLE search_pieces USING fts5(pieces, content='', detail=none, columnsize=0, "
    "tokenize='trigram case_sensitive 1')",
)

people: Final = table(
    "search_people", column("place"), column("customer_no"), column("has_left"), column("name"), column("numbers")
)
state: Final = table(STATE, column("built"), column("added"))
"""``built`` customers were indexed at once, ``added`` have come since."""
