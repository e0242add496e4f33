"""What a case is, who may do what with it, and what a queue of cases promises. No I/O."""
