"""The whole system on one machine, tried out on demo data or on address books in CSV files."""
