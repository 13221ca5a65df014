"""Billing: from readings and tariffs to bills, from bills to one invoice an account.

tariffs, readings   what is imported          periods, lists   the bills of a month, of a file
invoicing           one invoice an account    runs             a run from its beginning to its result
papers              what an invoice says      notes            credit, debit, waiver, write-off
estimates           readings nobody could bring
checks              what must always hold of bills and invoices
lifetimes           final readings, new registers, what was done to meters
"""
