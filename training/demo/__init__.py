"""The whole loop on one machine, on the embedded Hub."""
