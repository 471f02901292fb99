"""Commands for operators, for the local stack and for stacks on AWS alike."""
