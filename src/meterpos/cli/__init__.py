"""The commands: thin doors that parse, call one operation or query, and print.

start        where the process starts: the window at once, else the commands · window  opening it
main         the root, and the one edge where errors become sentences
till/        `meterpos till`, one file a group of commands
headoffice/  `meterpos headoffice`, the same
listings     balances, invoices and aging, which both sides print alike · statements  likewise
show         what commands print: tables, pairs and lines for people; JSON and CSV for programs
style        how a group is set up, the options that mean the same everywhere, the exit codes
files        files people hand to commands: PINs, counts, payments
docs         writes the reference in docs/cli.md from the commands themselves

Start-up is part of the service: nothing here imports the ledger, a printer or the network before a command runs.
"""
