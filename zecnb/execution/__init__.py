"""Plan + client -> Receipt."""
