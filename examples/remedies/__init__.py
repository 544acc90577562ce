"""The remedies of the literature against collapse: trained on toy data, then diagnosed."""
