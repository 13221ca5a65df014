"""Fields of the window let go of what no ledger could keep, however it came into them."""

import pytest
from PySide6.QtGui import QGuiApplication

from meterpos.ui.widgets.fields import Line


@pytest.mark.parametrize("code", [0, 0xD83D])
def test_a_field_lets_go_of_what_is_no_letter(qapp: QGuiApplication, code: int) -> None:
    line = Line()
    line.setText(f"Kisumu{chr(code)}North 😀")
    assert line.text() == "KisumuNorth 😀"
    qapp.clipboard().setText("a\0b")
    line.clear()
    line.paste()
    assert line.text() == "ab"
