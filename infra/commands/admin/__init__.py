"""The administrator's commands, on the functions' own store."""
