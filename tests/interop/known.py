"""Certificates of clients: each with a user's name as its common name, signed by one of the
throw-away CAs of peers.certificates(). Knows no protocol."""
from peers import certificates, check, run


def known(name, ca="ca"):
    """(certificate, key) of a user, by the CA of that name ("other": one that signed nothing
    else)."""
    folder = certificates().folder
    cert, key, request = (folder / f"user.{name}.{ca}.{end}" for end in ("pem", "key", "req"))
    if not cert.exists():
        for arguments in (
                ("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
                 request, "-subj", f"/CN={name}"),
                ("x509", "-req", "-in", request, "-CA", f"{ca}.pem", "-CAkey", f"{ca}.key",
                 "-CAcreateserial", "-days", "2", "-out", cert)):
            code, _, errors = run(["openssl", *arguments], cwd=folder)
            check(code == 0, "openssl:", errors)
    return cert, key
