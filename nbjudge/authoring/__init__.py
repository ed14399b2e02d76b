"""From an author's notebook to what students get: releases, their leak check, samples, and the proof of an autograder."""
