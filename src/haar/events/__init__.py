"""What leaves a call: its audit row, and the housekeeping of the event history."""
