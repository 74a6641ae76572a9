"""One room per AWS service. Rooms do not import each other."""
