"""What the report page does in a browser."""
