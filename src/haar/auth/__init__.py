"""Who asks, and may they.

* `sigv4`, `chunked`, `tokens`, `totp`, `saml`, `oidc`: proofs of who asks.
* `documents`: policy documents, checked; `policy`: compiled; `conditions`, `patterns`: their parts.
* `decide`: the decision; `explain`: the decision in words; `simulate`: the decision for IAM's policy simulator.

Import what you need from the module itself: this package imports nothing, so that a server starts quickly.
"""
