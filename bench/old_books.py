"""Customer-centric books to measure a migration on: as many as asked for, with every flaw in a few of a hundred."""

import sqlite3
from pathlib import Path
from typing import Final

INVOICES_EACH: Final = 10
PAYMENTS_EACH: Final = 10
BILLS_EACH: Final = 3
"""of an invoice: consumption, standing charge, BALANCE"""

_SCHEMA: Final = """
CREATE TABLE users (id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, role VARCHAR(20) NOT NULL, name VARCHAR(190)
  NOT NULL,
  telephone VARCHAR(30), status VARCHAR(20), balance DECIMAL(10,2), overpayment DECIMAL(10,2), created_at TIMESTAMP
  NULL);
CREATE TABLE contacts (id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL, name VARCHAR(190), phone VARCHAR(30));
CREATE TABLE meters (id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, meter_number VARCHAR(60) NOT NULL,
  serial_number VARCHAR(60), status VARCHAR(20), initial_reading DECIMAL(12,3), current_reading DECIMAL(12,3),
  last_reading DECIMAL(12,3), installation_date DATE);
CREATE TABLE meter_assignments (id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, customer_id BIGINT NOT NULL,
  meter_id BIGINT NOT NULL, is_active INT NOT NULL, assigned_at DATE, ended_at DATE);
CREATE TABLE bills (id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, meter_assignment_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL, bill_ref VARCHAR(30), bill_type VARCHAR(30) NOT NULL, amount DECIMAL(10,2) NOT NULL,
  status VARCHAR(20) NOT NULL, bill_date DATE);
CREATE TABLE invoices (id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, invoice_number VARCHAR(60) NOT NULL,
  customer_id BIGINT NOT NULL, meter_id BIGINT, invoice_date DATE, due_date DATE, amount DECIMAL(10,2),
  balance_brought_forward DECIMAL(10,2), total_amount DECIMAL(10,2), balance DECIMAL(10,2), state VARCHAR(20),
  status VARCHAR(30));
CREATE TABLE invoice_bills (id BIGINT PRIMARY KEY, invoice_id BIGINT NOT NULL, bill_id BIGINT NOT NULL);
CREATE TABLE payments (id BIGINT PRIMARY KEY, tenant_id BIGINT NOT NULL, customer_id BIGINT NOT NULL, invoice_id
  BIGINT,
  meter_id BIGINT, method VARCHAR(20), reference VARCHAR(60), amount DECIMAL(10,2) NOT NULL, status VARCHAR(20),
  date DATE,
  reversal_reason VARCHAR(190), reversed_at TIMESTAMP NULL, created_by BIGINT);
"""

_ROWS: Final = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :customers)
INSERT INTO users SELECT i, 1, 'customer', 'Customer ' || i, '07' || printf('%08d', i), 'active', (i * 37 % 500000)
  / 100.0,
  CASE WHEN i % 9 = 0 THEN 12.5 ELSE 0 END, '2024-06-01 00:00:00' FROM n;
INSERT INTO meters SELECT id, 1, 'MTR-' || printf('%07d', id), 'S' || id, 'active', 0, 100, 90, '2024-06-01' FROM
  users;
INSERT INTO meters SELECT id + :customers, 1, 'MTX-' || printf('%07d', id), 'T' || id, 'active', 0, 100, 90,
  '2024-06-01'
  FROM users WHERE id % 5 = 0;
INSERT INTO meter_assignments SELECT id, 1, id, id, CASE WHEN id % 13 = 0 THEN 0 ELSE 1 END, '2024-06-01', NULL
  FROM users;
INSERT INTO meter_assignments SELECT id + :customers, 1, id, id + :customers, 1, '2024-06-01', NULL FROM users
  WHERE id % 5 = 0;
WITH RECURSIVE k(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM k WHERE j < :invoices - 1)
INSERT INTO invoices SELECT (u.id - 1) * :invoices + j + 1, 1, 'INV-' || printf('%09d', (u.id - 1) * :invoices + j
  + 1), u.id,
  CASE WHEN (u.id + j) % 11 = 0 THEN NULL ELSE u.id END, date('2025-01-03', '+' || j || ' months'),
  date('2025-01-17', '+' || j || ' months'), (u.id * 7 + j * 131) % 200000 / 100.0 + 150, j * 10.5, 0, 0, 'open',
  'not paid'
  FROM users u, k;
UPDATE invoices SET total_amount = amount + balance_brought_forward;
INSERT INTO bills SELECT * FROM (
  SELECT id * 3 - 2 AS id, 1, customer_id, customer_id, 'B', 'consumption', amount - 150, 'invoiced', invoice_date
  FROM invoices
  UNION ALL SELECT id * 3 - 1, 1, customer_id, customer_id, 'B', 'standing_charge', 150, 'invoiced', invoice_date
  FROM invoices
  UNION ALL SELECT id * 3, 1, customer_id, customer_id, 'B', 'BALANCE', balance_brought_forward, 'invoiced',
  invoice_date FROM invoices) ORDER BY id;
INSERT INTO invoice_bills SELECT id, (id + 2) / 3, id FROM bills ORDER BY id;
INSERT INTO payments SELECT id, 1, customer_id, CASE WHEN id % 3 = 0 THEN NULL ELSE id END, NULL,
  CASE id % 3 WHEN 0 THEN 'cash' WHEN 1 THEN 'mpesa' ELSE 'bank' END, 'REF' || id, round(amount / 2, 2),
  CASE WHEN id % 17 = 0 THEN 'pending' ELSE 'completed' END, date(invoice_date, '+9 days'), NULL,
  CASE WHEN id % 41 = 0 THEN date(invoice_date, '+10 days') END, 1 FROM invoices;
"""


def kept_books(scratch: Path, *, customers: int) -> Path:
    """Return an SQLite file of old books, made once and kept."""
    scratch.mkdir(parents=True, exist_ok=True)
    file = scratch / f"old-books-{customers}.db"
    if file.exists():
        return file
    part = file.with_suffix(".part")
    part.unlink(missing_ok=True)
    connection = sqlite3.connect(part)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
    numbers = {"customers": customers, "invoices": INVOICES_EACH}
    connection.execute("BEGIN")
    for statement in filter(str.strip, _ROWS.split(";\n")):
        connection.execute(statement, {name: value for name, value in numbers.items() if f":{name}" in statement})
    connection.execute("COMMIT")
    connection.close()
    part.rename(file)
    return file
