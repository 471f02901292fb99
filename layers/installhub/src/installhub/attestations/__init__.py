"""Signs packages with a KMS key: the statement about a package, its signature, and the public keys.

Here: what is signed, and where keys and signatures are. The envelope's encoding and the form of public keys are those
of the room ``verification``, so that signing and verifying agree.
Not here: who may read an attestation (``packages.lookup``), and how it becomes a response (``http``).
"""
