"""From the start of the process to a painted window that can be typed into, and what an idle window holds in memory."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from bench.ledger import Made, working_copy
from bench.measure import Figure, Times, compared

RUNS: Final = 9
PATIENCE_S: Final = 60
MEBI: Final = 1024

# The floor: an empty window, and nothing imported but what shows it.
BARE: Final = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Bare(QMainWindow):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, {then})
app = QApplication(sys.argv[:1])
window = Bare()
window.resize(1366, 768)
window.show()
app.exec()
"""

# The command itself; only what happens after its first paint, or once it is idle, is replaced.
OURS: Final = """
import sys
sys.argv = ["meterpos", "till", "--home", {home!r}]
import meterpos.ui.app as app
{hook}
from meterpos.cli.start import main
main()
"""
SAY: Final = "import os\ndef say(text):\n    os.write(1, text.encode()); os._exit(0)\n"
RESIDENT: Final = (
    "def resident():\n    say([line for line in open('/proc/self/status') if line.startswith('VmRSS')][0].split()[1])\n"
)
PAINTED: Final = "app._after_first_paint = lambda *_: say('painted')"
IDLE: Final = """
from PySide6.QtCore import QTimer
class Idle(app.Window):
    def __init__(self):
        super().__init__()
        self.ready.connect(lambda: QTimer.singleShot(4000, resident))
app.Window = Idle
"""


def measure(made: Made, *, scratch: Path) -> list[Figure]:
    """Start both in turn, warm; then let each stand idle with this ledger open."""
    copy = working_copy(made, scratch / "window")
    ours = SAY + OURS.format(home=str(copy.home), hook=PAINTED)
    bare = SAY + BARE.format(then="lambda: say('painted')")
    for program in (ours, bare):
        _seconds(program)
    pairs = [(_seconds(ours), _seconds(bare)) for _ in range(RUNS)]
    started, floor = (Times(tuple(each)) for each in zip(*pairs, strict=True))
    figures = [
        compared(
            "process start to a painted, typable window, median",
            ours_ns=started.median_ns,
            floor_ns=floor.median_ns,
            limit=2.5,
            floor_name="bare QMainWindow",
        )
    ]
    if Path("/proc/self/status").exists():
        figures.append(_memory(copy))
    shutil.rmtree(copy.home)
    return figures


def _seconds(program: str) -> int:
    start = time.perf_counter_ns()
    said = _run(program)
    took = time.perf_counter_ns() - start
    assert said == "painted", said
    return took


def _memory(copy: Made) -> Figure:
    idle = SAY + RESIDENT + OURS.format(home=str(copy.home), hook=IDLE)
    bare = SAY + RESIDENT + BARE.format(then="resident")
    ours_mib, bare_mib = int(_run(idle)) / MEBI, int(_run(bare)) / MEBI
    return Figure(
        what=f"idle memory with this ledger of {copy.customers:,} customers open",
        figure=f"{ours_mib:.0f} MiB",
        floor=f"{bare_mib:.0f} MiB bare QMainWindow",
        ratio=f"{ours_mib / bare_mib:.2f} ×",
        limit="≤ 120 MiB",
        kept=ours_mib <= 120,
    )


def _run(program: str) -> str:
    root = Path(__file__).parents[1]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(root / "src")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout
