"""A printer on paper alone: it reads ESC/POS bytes as the manuals say and tells what would stand on the roll.

It knows only the commands that papers are made of and breaks off at any other, and at any line that leans on the state
another line left behind.
"""

from dataclasses import dataclass, field

from PIL import Image

PAGES = {
    0: "cp437",
    2: "cp850",
    3: "cp860",
    4: "cp863",
    5: "cp865",
    16: "cp1252",
    17: "cp866",
    18: "cp852",
    19: "cp858",
}


class NotUnderstood(Exception):
    """Bytes that are no command of this printer, or one that leaves a line to chance."""


@dataclass(frozen=True)
class Stretch:
    """Letters printed in one mode."""

    text: str
    bold: bool
    large: bool
    inverse: bool

    @property
    def columns(self) -> int:
        return len(self.text) * (2 if self.large else 1)


@dataclass
class Roll:
    """What came out: ``lines`` are lists of stretches, or images."""

    lines: list[list[Stretch] | Image.Image] = field(default_factory=list)
    drawer_pulses: int = 0
    cuts: int = 0
    code_page: str | None = None

    @property
    def texts(self) -> list[str]:
        """The text lines, every letter once."""
        return ["".join(one.text for one in line).rstrip() for line in self.lines if isinstance(line, list)]

    @property
    def images(self) -> list[Image.Image]:
        return [line for line in self.lines if isinstance(line, Image.Image)]

    def columns_of(self, line: list[Stretch]) -> int:
        return sum(one.columns for one in line)


def print_out(data: bytes) -> Roll:
    """Return what the bytes print. Raises: NotUnderstood."""
    return _Machine(data).run()


class _Machine:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.roll = Roll()
        self.line: list[Stretch] = []
        self.mode: int | None = None  # unknown until this line says it
        self.inverse = False

    def run(self) -> Roll:
        commands = {
            b"\x1b@": self._reset,
            b"\x1c.": lambda: None,
            b"\x1bR": lambda: self._expect(self._byte() == 0, "national letters"),
            b"\x1bt": self._code_page,
            b"\x1b3": lambda: self._expect(self._byte() >= 24, "lines run into each other"),
            b"\x1b!": self._mode,
            b"\x1bp": self._drawer,
            b"\x1bd": self._byte,
            b"\x1dB": self._inverse,
            b"\x1dv": self._raster,
            b"\x1dV": self._cut,
        }
        while self.at < len(self.data):
            byte = self.data[self.at]
            if byte == 0x0A:
                self.at += 1
                self._end_line()
            elif byte >= 0x20 and byte != 0x7F:
                self._letters()
            else:
                command = self.data[self.at : self.at + 2]
                self._expect(command in commands, f"{command!r} at {self.at}")
                self.at += 2
                commands[command]()
        self._expect(not self.line and self.mode in {None, 0}, "the paper ends within a line")
        return self.roll

    def _letters(self) -> None:
        start = self.at
        while self.at < len(self.data) and self.data[self.at] >= 0x20 and self.data[self.at] != 0x7F:
            self.at += 1
        self._expect(self.roll.code_page is not None, "letters before a code page was named")
        self._expect(self.mode is not None, "letters in whatever type the line before left")
        assert self.roll.code_page is not None
        assert self.mode is not None
        text = self.data[start : self.at].decode(self.roll.code_page)
        self._expect(self.mode & ~0x38 == 0, "a type that papers do not use")
        # Tall spaces fill a banner; letters are large both ways or not at all.
        self._expect(self.mode & 0x30 != 0x20 and (self.mode & 0x30 != 0x10 or not text.strip()), "squeezed letters")
        self.line.append(Stretch(text, bool(self.mode & 8), bool(self.mode & 0x20), self.inverse))

    def _end_line(self) -> None:
        self._expect(self.mode == 0 and not self.inverse, "a line that does not end in normal type")
        self.roll.lines.append([one for one in self.line if one.text])
        self.line, self.mode = [], None

    def _reset(self) -> None:
        self.roll.code_page, self.mode = None, None

    def _code_page(self) -> None:
        self.roll.code_page = PAGES[self._byte()]

    def _mode(self) -> None:
        self.mode = self._byte()

    def _inverse(self) -> None:
        self.inverse = bool(self._byte() & 1)

    def _drawer(self) -> None:
        self.at += 3
        self.roll.drawer_pulses += 1

    def _raster(self) -> None:
        self._expect(self.data[self.at : self.at + 2] == b"0\x00", "a raster of another scale")
        self._expect(self.mode == 0 and not self.line, "an image within a line")
        width_bytes, height = (int.from_bytes(self.data[self.at + n : self.at + n + 2], "little") for n in (2, 4))
        self.at += 6
        image = self.data[self.at : self.at + width_bytes * height]
        self._expect(len(image) == width_bytes * height, "an image cut short")
        self.at += len(image)
        ink = bytes(255 - byte for byte in image)
        self.roll.lines.append(Image.frombytes("1", (width_bytes * 8, height), ink))
        self.mode = None

    def _cut(self) -> None:
        self._expect(self._byte() == 66, "a cut that does not feed")
        self.at += 1
        self.roll.cuts += 1

    def _byte(self) -> int:
        self._expect(self.at < len(self.data), "a command cut short")
        self.at += 1
        return self.data[self.at - 1]

    @staticmethod
    def _expect(is_so: bool, otherwise: str) -> None:
        if not is_so:
            raise NotUnderstood(otherwise)
