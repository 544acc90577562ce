"""What becomes of runs that are killed: do the next ones succeed, and give the same report?"""
