"""The migration from customer-centric books."""
