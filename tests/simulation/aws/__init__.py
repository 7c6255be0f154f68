"""The services that the functions call, in memory and on a virtual clock."""
