"""What is computed from the old rows: a file a step, each replacing its own results, in set-based SQL by chunks.

places    1 whose meter each payment and invoice is     meters     4 what each account owes by its transactions
amounts   2 invoices from bills, opening balances       customers  5 sums over active accounts
checks    3, 6 what must hold, and what is odd          proof      6 old position against new, by named causes
plans     instalment customers                          parts      chunks of rows
"""
