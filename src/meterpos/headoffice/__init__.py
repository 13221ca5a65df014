"""Head office: what the pay points hang on.

app, routes   HTTP: enrol, push, pull, health           intake      a batch of entries, stored first, then posted
auth          server keys, enrolment codes, devices     feed        what flows down: who gets what, and in which order
exceptions    open items, with owner and age            importing   the CSV set of a utility
master        tills, users, settings, accounts          money       invoices, adjustments, transfers made here
tables, migrations, upgrade   what head office keeps beside the ledger
"""
