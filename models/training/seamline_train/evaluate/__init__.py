"""Evaluation on photographs that were never trained on, on unseen paths and on real pairs."""
