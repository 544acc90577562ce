"""The gate: rules, decisions, baselines."""
