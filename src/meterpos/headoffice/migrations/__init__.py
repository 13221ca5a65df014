"""Alembic's history of head office's own tables; the ledger's history is its own. See headoffice/upgrade.py."""
