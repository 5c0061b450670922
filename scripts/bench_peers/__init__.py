"""Other ways to do the same, to be measured beside: scripts of their own."""
