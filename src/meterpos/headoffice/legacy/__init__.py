"""Moving in from customer-centric books: staged, computed step by step, proven customer by customer, posted once.

sources/  where old books are read from            layout, values   the old schema, and how its values are read
reading   import-legacy: old rows into staging     progress         how far a step is, and how long it will take
steps/    what is computed, a file a step          run              the steps in order, each one transaction
decisions what people decided of payments          posting          into the ledger, people by the import's sink
posting_money     invoices and payments, by SQL    posting_readings where each meter's first bill begins
reports   what can be printed                      papers           as CSV, XLSX and PDF
backup    before posting, and rollback             state            which steps the staging tables stand at
"""
