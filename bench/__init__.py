"""What docs/PERFORMANCE.md is made from: `python3 dev.py bench`."""
