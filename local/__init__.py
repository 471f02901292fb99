"""The local stack: the unchanged template.yaml on an emulator of AWS, deployed with the real SAM CLI."""
