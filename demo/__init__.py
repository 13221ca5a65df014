"""A town to show meterpos in: made-up customers, meters, invoices and payments."""
