"""The style sheet, filled from the tokens of theme.py; what is painted by hand asks theme.py itself."""

from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meterpos.ui.theme import Metrics, Palette

_SHEET = Template("""
QWidget#page { background: $page; }
QLabel { color: $ink; background: transparent; }
QLabel[tone="muted"] { color: $muted; }
QLabel[tone="danger"] { color: $danger; }
QLabel[tone="action"] { color: $action; }
QLabel[tone="waiting"] { color: $waiting; }
QFrame[surface="card"] { background: $card; border: 1px solid $line; border-radius: ${card_radius}px; }
QFrame[surface="quiet"] { background: $faint; border: none; border-radius: ${field_radius}px; }
QFrame[surface="question"] { background: $waiting_soft; border: 1px solid $waiting; border-radius: ${field_radius}px; }
QFrame[surface="alarm"] { background: $danger_soft; border: 1px solid $danger; border-radius: ${field_radius}px; }
QFrame[surface="news"] { background: $action_soft; border: 1px solid $action; border-radius: ${field_radius}px; }
QFrame[surface="strip"] { background: $waiting_soft; border: none; border-bottom: 1px solid $waiting; }
QFrame#topbar { background: $card; border: none; border-bottom: 1px solid $line; }
QFrame#rail { background: $rail; border: none; }

QLineEdit { background: $card; color: $ink; border: 1px solid $field_line; border-radius: ${field_radius}px;
  padding: 0 13px; selection-background-color: $action; selection-color: $action_ink; }
QLineEdit:focus { border: 2px solid $action; padding: 0 12px; }
QLineEdit[wrong="true"] { border: 2px solid $danger; padding: 0 12px; }
QLineEdit:disabled { background: $faint; color: $muted; }
QLineEdit[naked="true"] { border: none; background: transparent; padding: 0; }
QFrame[surface="field"] { background: $card; border: 1px solid $field_line; border-radius: 10px; }
QFrame[surface="field"][focused="true"] { border: 2px solid $action; }
QFrame[surface="field"][wrong="true"] { border: 2px solid $danger; }

QPushButton { background: $card; color: $ink; border: 1px solid $field_line; border-radius: ${field_radius}px;
  padding: 0 16px; min-height: ${field_inner}px; }
QPushButton:hover { background: $faint; }
QPushButton:pressed { background: $quiet; }
QPushButton:focus { border: 2px solid $action; padding: 0 15px; }
QPushButton:disabled { color: $disabled_ink; background: $faint; border-color: $line; }
QPushButton[kind="primary"] { background: $action; color: $action_ink; border: 2px solid $action; }
QPushButton[kind="primary"]:hover { background: $action_hover; border-color: $action_hover; }
QPushButton[kind="primary"]:pressed { background: $action_pressed; }
QPushButton[kind="primary"]:focus { border: 2px solid $ink; }
QPushButton[kind="primary"]:disabled { background: $disabled; color: $disabled_ink; border-color: $disabled; }
QPushButton[kind="danger"] { color: $danger; border: 1px solid $danger; }
QPushButton[kind="link"] { background: transparent; border: none; min-height: ${touch}px; min-width: ${touch}px;
  color: $action; padding: 0 2px; text-align: left; }
QPushButton[kind="link"]:hover { text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 2px solid $action; border-radius: 6px; padding: 0; }
QPushButton[kind="link"]:disabled { color: $muted; }

QListView, QTextEdit, QPlainTextEdit { background: transparent; border: none; outline: 0; }
QScrollArea, QScrollArea > QWidget > QWidget#scrolled { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar::handle:vertical { background: $field_line; border-radius: 3px; min-height: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; background: transparent; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar:horizontal { height: 0; }
QScrollBar[shown="true"]:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar[shown="true"]::handle:horizontal { background: $field_line; border-radius: 3px; min-width: 32px; }

QMenu { background: $card; color: $ink; border: 1px solid $line; padding: 6px; }
QMenu::item { padding: 12px 22px 12px 12px; border-radius: 6px; }
QMenu::item:selected { background: $action_soft; color: $ink; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: 6px 4px; }
QToolTip { background: $ink; color: $card; border: none; padding: 6px 8px; }
""")


def sheet(palette: "Palette", metrics: "Metrics") -> str:
    """Return the whole style sheet in these colours and sizes."""
    names = {name: getattr(palette, name) for name in palette.__slots__}
    return _SHEET.substitute(
        names,
        card_radius=metrics.card_radius,
        field_radius=metrics.field_radius,
        field_inner=metrics.field - 2,
        touch=metrics.touch,
    )
