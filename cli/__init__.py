"""The command `greenlight`: what people ask of their groups and do with them, with their own AWS credentials."""
