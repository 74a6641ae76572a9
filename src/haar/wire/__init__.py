"""The protocols AWS speaks: bytes to values and back. Nothing here opens a socket or knows a service's behaviour."""
