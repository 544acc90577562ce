"""Programs forked from an interpreter that has read everything; reading torch takes seconds."""
