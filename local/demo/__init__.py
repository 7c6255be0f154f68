"""The demo: the whole story of a model, told and checked on the local AWS."""
