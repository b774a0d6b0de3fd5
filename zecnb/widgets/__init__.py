"""The parts of the panel: its form, its map, its batch, its history; they get values and injected functions."""
