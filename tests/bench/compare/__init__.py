"""How often `gancheck compare` sees a difference where there is none, and where there is one."""
