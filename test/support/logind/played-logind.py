"""What a kubelet sees of logind, on a bus of a test: org.freedesktop.login1 with delay locks and PrepareForShutdown.

usage: played-logind.py BUS-SOCKET CONFIG-FOLDER
Reads `shutdown` and `cancel` on its input. Writes `ready`, `lock` and `unlock` for each lock taken and released, and
`delay SECONDS` when a HUP made it read its configuration. Ends with its input.
"""

import array, glob, os, re, select, signal, socket, struct, sys

CALL, REPLY, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE, UNIX_FDS = range(1, 10)
TYPES = {PATH: 'o', INTERFACE: 's', MEMBER: 's', ERROR_NAME: 's', REPLY_SERIAL: 'u', DESTINATION: 's', SIGNATURE: 'g', UNIX_FDS: 'u'}
MANAGER = 'org.freedesktop.login1.Manager'


def put(out, kind, value):
    if kind == 'g':
        out += bytes([len(value)]) + value.encode() + b'\0'
        return
    pad(out, 8 if kind == 't' else 4)
    if kind in 'so':
        out += struct.pack('<I', len(value)) + value.encode() + b'\0'
    else:
        out += struct.pack({'u': '<I', 'h': '<I', 'b': '<I', 't': '<Q'}[kind], value)


def pad(out, size):
    out += b'\0' * (-len(out) % size)


def text_at(data, at):
    at += -at % 4
    (size,) = struct.unpack_from('<I', data, at)
    return data[at + 4 : at + 4 + size].decode(), at + 5 + size


class Bus:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.serial = 0
        self.data = b''
        self.ask(b'\0AUTH EXTERNAL ' + str(os.getuid()).encode().hex().encode() + b'\r\n', b'OK ')
        self.ask(b'NEGOTIATE_UNIX_FD\r\n', b'AGREE_UNIX_FD')
        self.socket.sendall(b'BEGIN\r\n')

    def ask(self, line, expected):
        self.socket.sendall(line)
        answer = self.socket.recv(4096)
        if not answer.startswith(expected):
            sys.exit(f'the bus says {answer!r}')

    def send(self, kind, fields, body=(), fds=()):
        self.serial += 1
        content = bytearray()
        for type_, value in body:
            if type_.startswith('v'):
                put(content, 'g', type_[1:])
                put(content, type_[1:], value)
            else:
                put(content, type_, value)
        if body:
            fields = {**fields, SIGNATURE: ''.join(type_[0] for type_, _ in body)}
        if fds:
            fields = {**fields, UNIX_FDS: len(fds)}
        listed = bytearray()
        for code, value in fields.items():
            pad(listed, 8)
            listed += bytes([code])
            put(listed, 'g', TYPES[code])
            put(listed, TYPES[code], value)
        message = bytearray(struct.pack('<cBBBIII', b'l', kind, 0, 1, len(content), self.serial, len(listed))) + listed
        pad(message, 8)
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.socket.sendmsg([bytes(message + content)], ancillary)

    def call(self, member, body=()):
        name = 'org.freedesktop.DBus'
        self.send(CALL, {PATH: '/org/freedesktop/DBus', INTERFACE: name, MEMBER: member, DESTINATION: name}, body)

    def receive(self):
        """Whole messages that have come: type, serial, fields, body."""
        more = self.socket.recv(65536)
        if not more:
            sys.exit('the bus is gone')
        self.data += more
        while len(self.data) >= 16:
            size, serial, listed = struct.unpack_from('<III', self.data, 4)
            start = 16 + listed + -listed % 8
            if len(self.data) < start + size:
                return
            message, self.data = self.data[: start + size], self.data[start + size :]
            yield message[1], serial, self.fields(message, 16 + listed), message[start:]

    def fields(self, message, end):
        found, at = {}, 16
        while at < end:
            at += -at % 8
            code, kind = message[at], chr(message[at + 2])
            at += 4
            if kind == 'g':
                size = message[at]
                found[code] = message[at + 1 : at + 1 + size].decode()
                at += size + 2
            elif kind == 'u':
                at += -at % 4
                (found[code],) = struct.unpack_from('<I', message, at)
                at += 4
            else:
                found[code], at = text_at(message, at)
        return found


def main(bus_path, config_folder):
    bus = Bus(bus_path)
    bus.call('Hello')
    bus.call('RequestName', [('s', 'org.freedesktop.login1'), ('u', 0)])
    state = {'PreparingForShutdown': ('vb', 0), 'InhibitDelayMaxUSec': ('vt', 5_000_000)}
    locks = []
    hups, wake = os.pipe()
    signal.signal(signal.SIGHUP, lambda *_: os.write(wake, b'x'))
    say = lambda text: print(text, flush=True)

    def answer(serial, fields, body):
        to = {REPLY_SERIAL: serial, DESTINATION: fields[SENDER]}
        if fields[MEMBER] == 'Get':
            _, at = text_at(body, 0)
            name, _ = text_at(body, at)
            return bus.send(REPLY, to, [state[name]])
        if fields[MEMBER] != 'Inhibit':
            return bus.send(ERROR, {**to, ERROR_NAME: 'org.freedesktop.DBus.Error.UnknownMethod'})
        if state['PreparingForShutdown'][1]:
            return bus.send(ERROR, {**to, ERROR_NAME: 'org.freedesktop.login1.OperationInProgress'})
        mine, theirs = os.pipe()
        bus.send(REPLY, to, [('h', 0)], [theirs])
        os.close(theirs)
        locks.append(mine)
        say('lock')

    def begin(is_shutting_down):
        state['PreparingForShutdown'] = ('vb', is_shutting_down)
        fields = {PATH: '/org/freedesktop/login1', INTERFACE: MANAGER, MEMBER: 'PrepareForShutdown'}
        bus.send(SIGNAL, fields, [('b', is_shutting_down)])

    while True:
        for ready in select.select([bus.socket, 0, hups, *locks], [], [])[0]:
            if ready is bus.socket:
                for kind, serial, fields, body in bus.receive():
                    if kind == CALL:
                        answer(serial, fields, body)
                    elif kind == SIGNAL and fields.get(MEMBER) == 'NameAcquired' and text_at(body, 0)[0][0] != ':':
                        say('ready')
            elif ready == hups:
                os.read(hups, 1)
                texts = [open(name).read() for name in sorted(glob.glob(f'{config_folder}/*.conf'))]
                seconds = int(re.findall(r'^InhibitDelayMaxSec=(\d+)$', '\n'.join(texts), re.M)[-1])
                state['InhibitDelayMaxUSec'] = ('vt', seconds * 1_000_000)
                say(f'delay {seconds}')
            elif ready == 0:
                lines = os.read(0, 4096)
                if not lines:
                    return
                for line in lines.decode().split():
                    begin(1 if line == 'shutdown' else 0)
            else:
                os.close(ready)
                locks.remove(ready)
                say('unlock')


main(*sys.argv[1:])
