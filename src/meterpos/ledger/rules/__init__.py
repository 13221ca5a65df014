"""The money rules: pure functions of facts, the same at the till and at head office.

facts       one immutable change to one account   tenders     legs, parts, change, references
balances    which facts count; movements; sums     aging       days overdue and their columns
allocation  which charge each credit pays          cash        what must lie in the drawer
postings    double entry, derived                  digest      whether two sides hold the same facts
searching   how typed text meets names and numbers
"""
