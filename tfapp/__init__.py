"""Make and show pictures."""
