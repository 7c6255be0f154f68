"""The access matrix (docs/access-matrix.md): its reader, its sessions and stage, and the call behind each row."""
