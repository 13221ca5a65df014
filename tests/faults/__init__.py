"""Harnesses that try to lose, double or alter a payment: the simulator, planted bugs, cut lines, killed processes.

world.py     one head office and its tills on production code, with seams for clock, dice, line and power
schedule.py  what a seed makes happen to them          verdict.py   what must hold afterwards
injected.py  failing.c preloaded: every call that changes a disk, counted, failing, or the last (`calls`, `kill`)
disk.py      what a till writes, recorded with strace (`power`)
recovery.py  a spoiled till brought back   printing.py  printers in trouble (`rot`, `printer`)
run.py       the door: `python3 dev.py faults [PART ...] [--runs N] [--seed S] [--seconds T]`
"""
