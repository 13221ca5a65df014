"""Fixtures of head office."""

from tests.support.headoffice import office

__all__ = ["office"]
