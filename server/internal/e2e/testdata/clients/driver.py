# Runs clients of python-socketio, as driver.js does those in JavaScript, by the same lines of JSON. Each client has a thread for
# its commands.
import json
import queue
import socket
import sys
import threading

import engineio
import requests
import socketio
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

NOWHERE = 'http://127.0.0.1:1'  # where nobody listens
WATCH = 0.25  # s: how long a client that was shut out is watched for coming back
FAREWELLS = ('replaced', 'unauthorized')
CLOSE_CODES = ('shutting_down', 'too_large')  # of a client that polls: it is lost next
out = threading.Lock()
clients = {}


def see(who, see, **what):
    with out:
        sys.stdout.write(json.dumps({'as': who, 'see': see, **what}) + '\n')
        sys.stdout.flush()


def shut_down(connections):
    for connection in connections:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except (AttributeError, OSError):
            pass  # it was closed before


class InOrder(engineio.Client):
    """The library starts a thread for each message, and these overtake each other."""

    def _trigger_event(self, event, *args, run_async=False):
        return super()._trigger_event(event, *args, run_async=False)


class Library(socketio.Client):
    """The library forgets a connection that ends between its last 'connect' and the end of connect(), so this reads nothing and
    tells of no connection until then."""
    def __init__(self, connected, **options):
        self.told = connected
        self.settled = threading.Event()
        super().__init__(**options)

    def _engineio_client_class(self):
        return InOrder

    def connect(self, *args, **options):
        self.settled.clear()
        try:
            super().connect(*args, **options)
        finally:
            self.settled.set()

    def _handle_connect(self, namespace, data):
        super()._handle_connect(namespace, data)
        if set(self.namespaces) == set(self.connection_namespaces):
            self.settled.wait()
        self.told(namespace or '/')


def breakable(opened):
    """Makes a session whose connections are noted."""
    class Connection(HTTPConnection):
        def connect(self):
            super().connect()
            opened.append(self.sock)

    class Pool(HTTPConnectionPool):
        ConnectionCls = Connection

    session = requests.Session()
    session.adapters['http://'].poolmanager.pool_classes_by_scheme = {'http': Pool}
    return session


class Client:
    def __init__(self, who):
        self.who = who
        self.commands = queue.Queue()
        self.connections = []  # for HTTP
        self.attempts = 0
        self.last = None  # an error that may be a farewell
        self.left = False
        self.shut = False  # out of its namespace
        self.broken = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            command = self.commands.get()
            try:
                getattr(self, command.pop('do'))(**command)
            except Exception as e:
                see(self.who, 'event', event='%s: %s' % (type(e).__name__, e))

    def connect(self, url, mode, namespaces, token=None, **_):
        self.url, self.app = url, namespaces[0]
        self.library = Library(
            self.connected, reconnection_delay=0.02, reconnection_delay_max=0.1, randomization_factor=0,
            http_session=breakable(self.connections))
        for name in namespaces:
            self.listen(name)
        self.library.on('disconnect', self.disconnected, namespace=self.app)
        self.library.on('connect_error', self.refused, namespace=self.app)
        self.options = {
            'namespaces': namespaces, 'transports': None if mode == 'default' else mode.split(', '), 'auth': {'token': token} if token else None,
        }
        self.open()

    def listen(self, namespace):
        self.library.on('*', lambda event, *args: self.event(self.prefix(namespace) + event, args), namespace=namespace)

    def prefix(self, namespace):
        return '' if namespace == self.app else namespace + ' '

    def connected(self, namespace):
        see(self.who, self.prefix(namespace) + 'connected')

    def open(self):
        try:
            self.library.connect(self.address, wait_timeout=10, **self.options)
        except socketio.exceptions.ConnectionError:
            if not self.shut:
                raise

    def address(self):
        self.attempts += 1
        return self.url

    def event(self, event, args):
        self.flush()
        data = args[0] if args else None
        if len(args) > 1:
            event = '%s with %d arguments' % (event, len(args))
        code = data.get('code') if event == 'error' else None
        if code in FAREWELLS:
            self.last = data
        elif code not in CLOSE_CODES:
            see(self.who, 'event', event=event, data=data)

    def flush(self):
        """Reports an error that was no farewell."""
        if self.last:
            see(self.who, 'event', event='error', data=self.last)
        self.last = None

    def disconnected(self):
        self.broken.set()
        if self.left:
            return
        if self.last:
            self.shut_out(self.last['code'])
        elif self.resting():
            see(self.who, 'disconnected')
        else:
            see(self.who, 'lost')

    def resting(self):
        return self.library.eio.state == 'disconnecting'

    def refused(self, why):
        self.shut = True
        self.shut_out(why['data']['code'])

    def shut_out(self, code):
        """Reports a client that should stay away, once it is plain that it does."""
        before, self.last = self.attempts, None

        def watched():
            came_back = self.attempts - before
            if came_back:
                see(self.who, 'event', event='came back %d times after %s' % (came_back, code))
            else:
                see(self.who, 'shut out', data={'code': code})
        threading.Timer(WATCH, watched).start()

    def send(self, event, data=None, ack=None, **other):
        callback = None if ack is None else lambda *answer: see(self.who, 'ack', ack=ack, data=answer[0])
        self.library.emit(event, data, namespace=other.get('in', self.app), callback=callback)

    def drop(self):
        """Breaks the WebSocket, or a GET, once one waits."""
        self.broken.clear()
        while True:
            engine = self.library.eio
            shut_down([engine.ws.sock] if engine.current_transport == 'websocket' else self.connections)
            if self.broken.wait(0.05):
                return

    def away(self):
        self.home, self.url = self.url, NOWHERE
        self.drop()

    # return is a word of the language.
    def come_back(self):
        self.url = self.home

    def disconnect(self):
        engine = self.library.eio
        self.library.disconnect()
        engine.write_loop_task.join()
        # The library never sends its farewell if it still waits for the answer to a POST: then only a broken GET ends the session.
        while not engine.queue.empty() and engine.read_loop_task.is_alive():
            shut_down(self.connections)
            engine.read_loop_task.join(0.05)
        engine.read_loop_task.join()

    def again(self):
        self.open()

    def leave(self):
        self.left = True
        if self.library._reconnect_abort:
            self.library._reconnect_abort.set()
        self.library.disconnect()


# A handler that fails ends the thread that reads, silently but for this.
threading.excepthook = lambda a: see('', 'event', event='%s: %s' % (a.exc_type.__name__, a.exc_value))

for line in sys.stdin:
    command = json.loads(line)
    who = command.pop('as')
    if command['do'] == 'connect':
        clients[who] = Client(who)
    if command['do'] == 'return':
        command['do'] = 'come_back'
    clients[who].commands.put(command)
