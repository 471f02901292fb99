"""Commands for operators, which work on the local stack and on stacks on AWS."""
