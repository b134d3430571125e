"""Raw and edited recordings: what a person cut, kept, repeated, moved and changed."""
