"""The only code that opens sockets to ZEC."""
