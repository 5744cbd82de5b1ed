"""Jobs in SQLite: what is sent in, claimed, corrected and done, across processes and kills."""
