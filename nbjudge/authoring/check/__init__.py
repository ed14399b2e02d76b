"""The check's stage: makes what an autograder must tell apart, and judges whether it did."""
