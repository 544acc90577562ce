"""How close sampling comes to the best loop that one would write by hand, backend by backend."""
