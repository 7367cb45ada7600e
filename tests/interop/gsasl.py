"""GNU SASL (libgsasl) through ctypes, as the other side of a login: SCRAM-...-PLUS with
tls-exporter (RFC 9266) or tls-unique (RFC 5929), in both roles. Knows no TLS and no
protocol."""
import base64
import ctypes

# gsasl.h
AUTHID, AUTHZID, PASSWORD = 1, 2, 3
BINDINGS = {"tls-unique": 18, "tls-exporter": 25}
OK, NEEDS_MORE, AUTHENTICATION_ERROR, NO_CALLBACK = 0, 1, 31, 51
LIBRARY = "libgsasl.so.18"
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)


def load():
    """The library, or None."""
    try:
        lib = ctypes.CDLL(LIBRARY)
    except OSError:
        return None
    lib.gsasl_property_fast.restype = ctypes.c_char_p
    lib.gsasl_check_version.restype = ctypes.c_char_p
    for name in ("gsasl_free", "gsasl_finish", "gsasl_done"):
        getattr(lib, name).restype = None
    return lib


class Sasl:
    """A side of an exchange. `passwords`: of the users (server), or of the one (client).
    `kind`: of the channel binding, or None."""

    def __init__(self, role, mechanism, passwords, kind, binding, user=None):
        self.lib = load()
        self.passwords, self.user = passwords, user
        self.kind, self.binding = BINDINGS.get(kind), binding
        self.name = None
        self.context, self.session = ctypes.c_void_p(), ctypes.c_void_p()
        if self.lib.gsasl_init(ctypes.byref(self.context)) != OK:
            raise RuntimeError("gsasl_init")
        self.callback = _CALLBACK(self._asked)  # kept as long as the library may call it
        self.lib.gsasl_callback_set(self.context, self.callback)
        begin = self.lib.gsasl_server_start if role == "server" else self.lib.gsasl_client_start
        self.status = begin(self.context, mechanism.encode(), ctypes.byref(self.session))

    def _asked(self, _context, session, what):
        session = ctypes.c_void_p(session)
        if what == self.kind:
            value = base64.b64encode(self.binding)
        elif what == AUTHID and self.user:
            value = self.user.encode()
        elif what == PASSWORD:
            if self.user is None:
                self.name = (self.lib.gsasl_property_fast(session, AUTHID) or b"").decode()
            value = self.passwords.get(self.user or self.name)
            if value is None:
                return AUTHENTICATION_ERROR
            value = value.encode()
        else:
            return NO_CALLBACK
        self.lib.gsasl_property_set(session, what, value)
        return OK

    def step(self, message):
        """(status, answer) to a message; both are octets in base64."""
        out = ctypes.c_void_p()
        status = self.lib.gsasl_step64(self.session, message, ctypes.byref(out))
        answer = ctypes.string_at(out) if out else b""
        if out:
            self.lib.gsasl_free(out)
        return status, answer

    def end(self):
        if self.session:
            self.lib.gsasl_finish(self.session)
        self.lib.gsasl_done(self.context)
