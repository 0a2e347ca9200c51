"""`make bench`: how fast and how large the studio is on this machine. Nothing here passes or fails."""
