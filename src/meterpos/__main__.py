"""`python -m meterpos` is the `meterpos` command."""

from meterpos.cli.start import main

if __name__ == "__main__":
    main()
