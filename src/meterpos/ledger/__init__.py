"""The heart, the same at the till and at head office: no Qt, HTTP, printer, clock or randomness.

operations | queries  ->  balances, journal, projection  ->  rules  ->  tables  ->  store  ->  money
"""
