"""Fixtures of head office."""

from tests.support.headoffice import office, server

__all__ = ["office", "server"]
