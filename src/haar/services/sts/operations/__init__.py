"""The operations: one module per way to get credentials, and one for questions."""
