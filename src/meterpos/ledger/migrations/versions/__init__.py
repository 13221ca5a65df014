"""Alembic's history of the ledger's tables; run by `ledger/upgrade.py`."""
