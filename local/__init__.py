"""The local stack: the unchanged template.yaml on an emulator of AWS, by the real `sam build` and `sam deploy`."""
