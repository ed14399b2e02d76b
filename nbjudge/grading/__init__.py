"""Submission -> Result."""
