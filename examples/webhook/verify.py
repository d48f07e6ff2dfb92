import hashlib
import hmac
import time


def verify(secret, signature, body, now=None):
    """Say whether a body (bytes, as they came) has a valid Matchq-Signature."""
    parts = dict(part.partition("=")[::2] for part in signature.split(","))
    t, sent = parts.get("t", ""), parts.get("v1", "")
    if not t.isdecimal() or abs((time.time() if now is None else now) - int(t)) > 300:
        return False
    want = hmac.new(secret.encode(), t.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(want.encode(), sent.encode())
