"""What students hand in: archives, whose file is whose, and how an attempt is stored."""
