"""The history of a run judged, and the words for it."""
