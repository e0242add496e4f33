"""How throughput grows with workers and partitions, measured on stacks of its own."""
