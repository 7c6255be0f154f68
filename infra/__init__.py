"""The CDK app: configuration of the groups, stacks and constructs."""
