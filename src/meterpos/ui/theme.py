"""The look in numbers: every colour, size, radius and type step of the window lives here, light and dark.

`apply()` turns them into one QPalette and one style sheet. Painters ask `palette()` when they paint, so a change shows
at once. While somebody works, `change()` dresses the window part by part, what is seen first (docs/decisions/0029).
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from meterpos.resources import resource_path
from meterpos.ui import style

FAMILY: Final = "Inter"
FONT_FILES: Final = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf", "Inter-Bold.ttf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """One set of colours; `action` is the only green, `danger` the only red, `waiting` the only amber."""

    name: str
    page: str
    card: str
    line: str
    field_line: str
    ink: str
    muted: str
    faint: str
    rail: str
    rail_active: str
    rail_ink: str
    rail_muted: str
    action: str
    action_hover: str
    action_pressed: str
    action_ink: str
    action_soft: str
    danger: str
    danger_soft: str
    waiting: str
    waiting_soft: str
    quiet: str
    mark: str
    disabled: str
    disabled_ink: str


LIGHT: Final = Palette(
    name="light",
    page="#F4F6F9",
    card="#FFFFFF",
    line="#E3E8EF",
    field_line="#C9D2DF",
    ink="#0F1B2D",
    muted="#5B6B82",
    faint="#F3F5F9",
    rail="#10233C",
    rail_active="#1E3A5F",
    rail_ink="#FFFFFF",
    rail_muted="#A9B8CC",
    action="#0B6E4F",
    action_hover="#095D43",
    action_pressed="#074A35",
    action_ink="#FFFFFF",
    action_soft="#E5F4EE",
    danger="#B42318",
    danger_soft="#FDECEA",
    waiting="#B54708",
    waiting_soft="#FEF4E6",
    quiet="#EAEEF4",
    mark="#FFE9A8",
    disabled="#E3E8EF",
    disabled_ink="#55647A",
)

DARK: Final = Palette(
    name="dark",
    page="#0D1520",
    card="#152233",
    line="#26364C",
    field_line="#3B4F6B",
    ink="#E8EEF6",
    muted="#9DADC4",
    faint="#1B2A3E",
    rail="#0A111B",
    rail_active="#1A2C46",
    rail_ink="#F4F7FB",
    rail_muted="#93A4BC",
    action="#2FA37C",
    action_hover="#3BB68C",
    action_pressed="#268A68",
    action_ink="#06140F",
    action_soft="#0E2C24",
    danger="#F0766B",
    danger_soft="#3A1A18",
    waiting="#F2A65A",
    waiting_soft="#3A2712",
    quiet="#1F2F45",
    mark="#5A4A12",
    disabled="#22324A",
    disabled_ink="#9DADC4",
)

PALETTES: Final = {"light": LIGHT, "dark": DARK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Sizes in pixels on the 8-pixel grid."""

    rail: int = 92
    topbar: int = 52
    margin: int = 20
    gap: int = 18
    search: int = 372
    payment: int = 400
    payment_narrow: int = 372
    narrow_below: int = 1240
    snug_below: int = 700
    tight_below: int = 650
    gap_tight: int = 10
    card_radius: int = 12
    field_radius: int = 9
    field: int = 44
    amount: int = 64
    amount_low: int = 52
    main_action: int = 64
    main_action_tall: int = 84
    touch: int = 44
    chip: int = 44
    chip_face: int = 28
    icon: int = 20
    hit_row: int = 51
    meter_row: int = 60
    meter_gap: int = 8
    line_row: int = 24


METRICS: Final = Metrics()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the type scale: pixels and weight."""

    size: int
    weight: QFont.Weight


class Type:
    """The type scale."""

    change = Step(64, QFont.Weight.Bold)
    amount = Step(32, QFont.Weight.Bold)
    name = Step(20, QFont.Weight.Bold)
    title = Step(16, QFont.Weight.Bold)
    value = Step(17, QFont.Weight.DemiBold)
    action = Step(16, QFont.Weight.Bold)
    strong = Step(15, QFont.Weight.DemiBold)
    search = Step(18, QFont.Weight.Normal)
    text = Step(14, QFont.Weight.Normal)
    text_strong = Step(14, QFont.Weight.DemiBold)
    small = Step(13, QFont.Weight.Normal)
    small_strong = Step(13, QFont.Weight.DemiBold)
    helper = Step(12, QFont.Weight.Normal)
    helper_strong = Step(12, QFont.Weight.DemiBold)
    label = Step(11, QFont.Weight.DemiBold)


class _Theme(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.palette = LIGHT
        self.is_dressed = False
        self.whole = ""  # the palette of the application's style sheet
        self.parts: list[QWidget] = []
        self.waiting: list[QWidget] = []


_theme = _Theme()


def palette() -> Palette:
    """Return the colours in use."""
    return _theme.palette


def notifier() -> _Theme:
    """Return the object whose `changed` signal fires after the colours changed."""
    return _theme


def color(value: str) -> QColor:
    """Return a token as a QColor."""
    return QColor(value)


@cache
def font(step: Step, *, tabular: bool = False) -> QFont:
    """Return the font of one type step; money is set in tabular figures, so that its columns stand still."""
    made = QFont(FAMILY)
    made.setPixelSize(step.size)
    made.setWeight(step.weight)
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def load_fonts() -> None:
    """Add the fonts the program carries; a missing one falls back to the system's."""
    for name in FONT_FILES:
        QFontDatabase.addApplicationFont(str(resource_path(f"fonts/{name}")))


def apply(app: QApplication, name: str) -> None:
    """Dress the whole application in one palette, in one piece: `light` or `dark`."""
    prepare(app, name)
    _theme.waiting = []
    for part in _parts():
        part.setStyleSheet("")
    app.setStyleSheet("")  # a sheet over another lets Qt look at each widget as often as it lies deep
    app.setStyleSheet(style.sheet(_theme.palette, METRICS))
    _theme.whole = name
    _theme.changed.emit()


def change(app: QApplication, name: str) -> None:
    """Dress what is seen in another palette now, and what is hidden part by part, an event each."""
    prepare(app, name)
    _theme.waiting = _parts()
    for part in [part for part in _theme.waiting if part.isVisible()]:
        _dress(part)
    _theme.changed.emit()
    QTimer.singleShot(0, _theme, _dress_next)


def wear(part: QWidget) -> None:
    """Let a part of the window, which holds no other part, wear the colours in use from now on."""
    if part not in _theme.parts:
        _theme.parts = [*_parts(), part]
        if _theme.whole not in ("", _theme.palette.name):
            _dress(part)
    elif part in _theme.waiting:
        _dress(part)


def _parts() -> list[QWidget]:
    return [part for part in _theme.parts if isValid(part)]


def _dress(part: QWidget) -> None:
    is_as_whole = _theme.palette.name == _theme.whole
    part.setStyleSheet("" if is_as_whole else style.sheet(_theme.palette, METRICS))
    _theme.waiting = [other for other in _theme.waiting if other is not part]


def _dress_next() -> None:
    _theme.waiting = [part for part in _theme.waiting if isValid(part)]
    if _theme.waiting:
        _dress(_theme.waiting[0])
        QTimer.singleShot(0, _theme, _dress_next)


def prepare(app: QApplication, name: str) -> None:
    """Set all but the style sheet: a window built before that is dressed once, not part by part."""
    _theme.palette = PALETTES[name]
    if not _theme.is_dressed:  # each time, Qt would dress every widget anew
        _theme.is_dressed = True
        app.setStyle("Fusion")
        app.setFont(font(Type.text))
    app.setPalette(_qt_palette(_theme.palette))


def _qt_palette(colors: Palette) -> QPalette:
    made = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: colors.page,
        role.WindowText: colors.ink,
        role.Base: colors.card,
        role.AlternateBase: colors.faint,
        role.Text: colors.ink,
        role.PlaceholderText: colors.muted,
        role.Button: colors.card,
        role.ButtonText: colors.ink,
        role.Highlight: colors.action_soft,
        role.HighlightedText: colors.ink,
        role.Link: colors.action,
        role.ToolTipBase: colors.ink,
        role.ToolTipText: colors.card,
        role.Accent: colors.action,
    }
    for key, value in pairs.items():
        made.setColor(key, QColor(value))
    for key in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, key, QColor(colors.muted))
    return made
