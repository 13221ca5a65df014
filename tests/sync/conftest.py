"""Fixtures of the exchange: a real head office on loopback, and lines that misbehave."""

from tests.support.headoffice import office, server

__all__ = ["office", "server"]
