"""Use cases: the only writers. One module per stage of the journey, named as in every other layer."""
