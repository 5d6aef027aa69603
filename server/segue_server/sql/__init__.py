"""How databases are reached: connections, threads, deadlines and schema versions."""
