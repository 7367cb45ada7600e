"""Cyrus SASL (libsasl2) through ctypes, as the other side of a login: the server of
SCRAM-...-PLUS with any kind of channel binding. Knows no TLS and no protocol."""
import base64
import ctypes

# sasl.h
OK, CB_GETOPT, CHANNEL_BINDING, SET_CREATE, FAIL = 0, 1, 21, 1, -1
LIBRARY = "libsasl2.so.2"
_GETOPT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p,
                           ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_uint))


class _Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("proc", ctypes.c_void_p),
                ("context", ctypes.c_void_p)]


class _Binding(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("critical", ctypes.c_int),
                ("len", ctypes.c_ulong), ("data", ctypes.c_char_p)]


class Server:
    """The library with users of its own, in `folder`. One in a process."""

    def __init__(self, folder, passwords):
        self.lib = ctypes.CDLL(LIBRARY)
        self.options = {b"sasldb_path": str(folder / "sasldb2").encode(),
                        b"auxprop_plugin": b"sasldb", b"log_level": b"0"}
        self.getopt = _GETOPT(self._getopt)  # kept as long as the library may call it
        self.callbacks = (_Callback * 2)(
            _Callback(CB_GETOPT, ctypes.cast(self.getopt, ctypes.c_void_p), None),
            _Callback(0, None, None))
        self.problem = None
        if self.lib.sasl_server_init(self.callbacks, b"mailproto-test") != OK:
            self.problem = "sasl_server_init"
            return
        connection = self.connection()
        for user, password in passwords.items():
            secret = password.encode()
            if self.lib.sasl_setpass(connection, user.encode(), secret, len(secret), None, 0,
                                     SET_CREATE) != OK:
                self.problem = "sasl_setpass"
        names = ctypes.c_char_p()
        self.lib.sasl_listmech(connection, None, b"", b" ", b"", ctypes.byref(names), None,
                               None)
        self.mechanisms = (names.value or b"").decode().split()
        self.lib.sasl_dispose(ctypes.byref(connection))

    def _getopt(self, _context, _plugin, option, result, length):
        value = self.options.get(option)
        if value is None:
            return FAIL
        result[0] = value
        if length:
            length[0] = len(value)
        return OK

    def connection(self):
        connection = ctypes.c_void_p()
        self.lib.sasl_server_new(b"smtp", b"localhost", b"localhost", None, None,
                                 self.callbacks, 0, ctypes.byref(connection))
        return connection

    def begin(self, mechanism, kind, binding):
        return _Exchange(self, mechanism, kind, binding)


class _Exchange:
    """A server's side of an exchange, as bound.SmtpServer wants it."""

    def __init__(self, server, mechanism, kind, binding):
        self.lib, self.mechanism = server.lib, mechanism.encode()
        self.connection = server.connection()
        self.begun = False
        # The library keeps the pointer.
        self.binding = _Binding(kind.encode(), 0, len(binding), binding)
        self.status = self.lib.sasl_setprop(self.connection, CHANNEL_BINDING,
                                            ctypes.byref(self.binding))

    def step(self, message):
        message = base64.b64decode(message)
        out, length = ctypes.c_void_p(), ctypes.c_uint()
        rest = (message, len(message), ctypes.byref(out), ctypes.byref(length))
        if self.begun:
            status = self.lib.sasl_server_step(self.connection, *rest)
        else:
            status = self.lib.sasl_server_start(self.connection, self.mechanism, *rest)
        self.begun = True
        answer = ctypes.string_at(out, length.value) if out else b""
        return status, base64.b64encode(answer)

    def end(self):
        self.lib.sasl_dispose(ctypes.byref(self.connection))
