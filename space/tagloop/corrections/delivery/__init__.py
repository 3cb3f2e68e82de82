"""The durable way of a record to a dataset on the Hub."""
