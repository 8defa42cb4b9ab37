"""Streams of the official Python client. Prints a line for each check that held; any exception ends it."""

import hashlib
import socket
import sys
import threading
import time
import urllib.request
from http.client import HTTPConnection

from kubernetes import client, config, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import portforward, stream

config.load_kube_config(sys.argv[1])
BIG_FILE_SIZE = int(sys.argv[2])
core = client.CoreV1Api()
NAMESPACE = "default"
STDIN, RESIZE = 0, 4


def check(name, held):
    if not held:
        raise AssertionError(name)
    print("ok", name, flush=True)


def begin(pod, command, call=core.connect_get_namespaced_pod_exec, **options):
    """A conversation with a command, or with the pod's own program; its connection is still open."""
    wanted = {"stdin": False, "stdout": True, "stderr": True, "tty": False, "container": "c", **options}
    if command is not None:
        wanted["command"] = command
    return stream(call, pod, NAMESPACE, _preload_content=False, **wanted)


def run(pod, command, **options):
    """To the end: exit code, stdout, stderr."""
    one = begin(pod, command, **options)
    one.run_forever(timeout=30)
    out, err = one.read_channel(1), one.read_channel(2)
    return one.returncode, out, err


def until(what, one, held):
    """Reads on until `held` is true of all that came."""
    out = err = ""
    deadline = time.time() + 20
    while not held(out, err):
        if time.time() > deadline or not one.is_open():
            raise AssertionError("%s: %r %r" % (what, out, err))
        one.update(timeout=1)
        out += one.read_channel(1)
        err += one.read_channel(2)
    return out, err


def refusal_of(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ApiException as error:
        return str(error.reason)
    raise AssertionError("not refused")


def test_exec():
    whole = stream(
        core.connect_get_namespaced_pod_exec,
        "streams",
        NAMESPACE,
        command=["sh", "-c", "echo out; echo err >&2"],
        stdout=True,
        stderr=True,
        stdin=False,
        tty=False,
    )
    check("exec: both outputs in one", sorted(whole.split()) == ["err", "out"])
    code, out, err = run("streams", ["sh", "-c", "echo out; echo err >&2; exit 7"])
    check("exec: code and outputs apart", (code, out, err) == (7, "out\n", "err\n"))
    check("exec: success is code 0", run("streams", ["true"])[0] == 0)
    absent = begin("streams", ["/bin/absent"])
    absent.run_forever(timeout=20)
    check("exec: no such program", "no such file" in absent.read_channel(3))
    # Debian's package of WebSockets says no more than the code.
    bad = refusal_of(begin, "streams", ["true"], container="other")
    check("exec: no such container", bad.startswith("Handshake status 400"))
    bad = refusal_of(begin, "absent", ["true"])
    check("exec: no such pod", bad.startswith("Handshake status 404"))


def test_stdin():
    text = "0123456789abcde\n" * (4 * 1024 * 1024 // 16)
    one = begin("streams", ["sh", "-c", "head -c %d | tee /tmp/py | md5sum; exit 5" % len(text)], stdin=True)
    for at in range(0, len(text), 65536):
        one.write_stdin(text[at : at + 65536])
    one.run_forever(timeout=30)
    check("exec: megabytes in", one.read_channel(1).split()[0] == hashlib.md5(text.encode()).hexdigest())
    check("exec: code after input", one.returncode == 5)
    code, out, _ = run("streams", ["cat", "/tmp/py"])
    check("exec: megabytes back", code == 0 and out == text)
    interactive = begin("streams", ["sh"], stdin=True)
    interactive.write_stdin("echo first\n")
    check("exec: a shell answers", interactive.readline_stdout(timeout=10) == "first")
    interactive.write_stdin("echo second >&2; exit 9\n")
    check("exec: it answers again", interactive.readline_stderr(timeout=10) == "second")
    interactive.run_forever(timeout=10)
    check("exec: the shell ends", interactive.returncode == 9)


def test_terminal():
    one = begin("streams", ["sh"], stdin=True, stderr=False, tty=True)
    one.write_channel(RESIZE, '{"Height":45,"Width":123}')
    one.write_stdin('until [ "$(stty size)" = "45 123" ]; do sleep 0.1; done; echo si"ze" is right; tty; exit 4\n')
    one.run_forever(timeout=20)
    out = one.read_channel(1)
    check("exec: a terminal with its size", "size is right\r\n" in out and "/dev/pts/" in out)
    check("exec: the terminal's code", one.returncode == 4)


def test_attach():
    one = begin("streams", None, core.connect_get_namespaced_pod_attach, stdin=True)
    one.write_stdin("from py\n")
    until("heard", one, lambda out, err: "heard from py\n" in out and "noted from py\n" in err and "tick" in out)
    one.close()
    check("attach: talks to the program", True)
    statuses = core.read_namespaced_pod("streams", NAMESPACE).status.container_statuses
    check("attach: leaves it running", statuses[0].restart_count == 0 and statuses[0].state.running is not None)
    terminal = begin("terminal", None, core.connect_get_namespaced_pod_attach, stdin=True, stderr=False, tty=True)
    terminal.write_channel(RESIZE, '{"Height":31,"Width":97}')
    deadline = time.time() + 20
    out = ""
    while "heard size at 31 97" not in out and time.time() < deadline:
        terminal.write_stdin("size\n")
        terminal.update(timeout=100)
        out += terminal.read_channel(1)
    terminal.close()
    check("attach: a terminal follows", "heard size at 31 97\r\n" in out)
    ending = begin("attached-py", None, core.connect_get_namespaced_pod_attach)
    run("attached-py", ["touch", "/go"])
    ending.run_forever(timeout=20)
    check("attach: ends with the program", not ending.is_open() and ending.read_channel(1).endswith("last\n"))


def test_port_forward():
    ports = portforward(core.connect_get_namespaced_pod_portforward, "streams", NAMESPACE, ports="8080,8081,8082,9")
    heard = []
    for port in (8080, 8081, 8082):
        one = ports.socket(port)
        one.setblocking(True)
        one.sendall(b"GET / HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n")
    for port in (8080, 8081, 8082):
        head, body = b"", b""
        while not body.endswith(b"\n"):
            head += ports.socket(port).recv(65536)
            body = head.partition(b"\r\n\r\n")[2]
        heard.append(body)
    check("port-forward: several ports at once", heard == [b"I am streams\n", b"another port\n", b"another port\n"])
    while ports.error(9) is None:
        time.sleep(0.01)
    check("port-forward: nobody listens", "error forwarding port 9 to pod" in ports.error(9))
    check("port-forward: the others have no error", ports.error(8080) is None)
    ports.close()

    big = portforward(core.connect_get_namespaced_pod_portforward, "streams", NAMESPACE, ports="8080")
    connection = HTTPConnection("streams", 8080)
    connection.sock = big.socket(8080)
    connection.sock.setblocking(True)
    connection.request("GET", "/big")
    answer = connection.getresponse()
    body = answer.read()
    _, sums, _ = run("streams", ["sha256sum", "/www/a/big"])
    check("port-forward: a big file", len(body) == BIG_FILE_SIZE and hashlib.sha256(body).hexdigest() == sums.split()[0])
    big.close()

    # What the client's documentation shows: a socket for urllib.
    def connect(address, *args, **kwargs):
        one = portforward(core.connect_get_namespaced_pod_portforward, address[0], NAMESPACE, ports=str(address[1]))
        return one.socket(address[1])

    real = socket.create_connection
    socket.create_connection = connect
    try:
        text = urllib.request.urlopen("http://streams:8081/", timeout=20).read()
    finally:
        socket.create_connection = real
    check("port-forward: urllib", text == b"another port\n")


def test_log():
    lines = []
    follower = threading.Thread(
        target=lambda: lines.extend(
            watch.Watch().stream(core.read_namespaced_pod_log, name="logged-py", namespace=NAMESPACE)
        )
    )
    follower.start()
    deadline = time.time() + 20
    while lines != ["first"] and time.time() < deadline:
        time.sleep(0.01)
    check("log: follows", lines == ["first"])
    run("logged-py", ["touch", "/go"])
    follower.join(timeout=30)
    check("log: until the end", sorted(lines) == ["complaint", "first", "last"])
    check("log: a tail", len(core.read_namespaced_pod_log("logged-py", NAMESPACE, tail_lines=1).splitlines()) == 1)
    check("log: a limit", core.read_namespaced_pod_log("logged-py", NAMESPACE, limit_bytes=3) == "fir")
    try:
        core.read_namespaced_pod_log("logged-py", NAMESPACE, container="other")
        raise AssertionError("not refused")
    except ApiException as error:
        check("log: no such container", error.status == 400 and "container other is not valid" in error.body)


def test_watch():
    """The life of a pod, from here to its deletion."""
    version = core.list_namespaced_pod(NAMESPACE).metadata.resource_version
    core.create_namespaced_pod(
        NAMESPACE,
        {
            "metadata": {"name": "watched-py"},
            "spec": {
                "restartPolicy": "Never",
                "containers": [{"name": "c", "image": sys.argv[3], "command": ["/bin/busybox", "true"]}],
            },
        },
    )
    seen = []
    deleted = False
    events = watch.Watch()
    for event in events.stream(
        core.list_namespaced_pod,
        NAMESPACE,
        field_selector="metadata.name=watched-py",
        resource_version=version,
        timeout_seconds=40,
    ):
        seen.append((event["type"], event["object"].status.phase))
        if seen[-1][1] == "Succeeded" and not deleted:
            core.delete_namespaced_pod("watched-py", NAMESPACE)
            deleted = True
        if event["type"] == "DELETED":
            events.stop()
    check("watch: first and last", seen[0] == ("ADDED", "Pending") and seen[-1] == ("DELETED", "Succeeded"))


def test_proxy():
    check("proxy: of a pod", core.connect_get_namespaced_pod_proxy("streams:8081", NAMESPACE) == "another port\n")


for test in (test_exec, test_stdin, test_terminal, test_attach, test_port_forward, test_log, test_watch, test_proxy):
    test()
print("done")
