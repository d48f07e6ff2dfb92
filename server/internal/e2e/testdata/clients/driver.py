# Runs clients of python-socketio, as driver.js does those in JavaScript, by the same lines of JSON. It knows the commands
# connect, send and leave. Handlers take one argument, as those of applications do.
import json
import sys
import threading

import socketio

NAMESPACE = '/sunapp'
out = threading.Lock()
clients = {}


def see(who, **what):
    with out:
        sys.stdout.write(json.dumps({'as': who, **what}) + '\n')
        sys.stdout.flush()


def handler(who, event):
    return lambda data: see(who, see='event', event=event, data=data)


def connect(who, url, events, mode, token=None):
    client = clients[who] = socketio.Client(reconnection=False)
    client.on('connect', lambda: see(who, see='connected'), namespace=NAMESPACE)
    for event in events:
        client.on(event, handler(who, event), namespace=NAMESPACE)
    client.connect(url, namespaces=[NAMESPACE], transports=None if mode == 'default' else mode.split(', '), auth={'token': token} if token else None)


def send(who, event, data=None, ack=None):
    callback = None if ack is None else lambda *answer: see(who, see='ack', ack=ack, data=answer[0])
    clients[who].emit(event, data, namespace=NAMESPACE, callback=callback)


def leave(who):
    clients.pop(who).disconnect()


def run(command):
    who, do = command.pop('as'), command.pop('do')
    try:
        if do == 'connect':
            connect(who, command['url'], command['events'], command['mode'], command.get('token'))
        elif do == 'send':
            send(who, command['event'], command.get('data'), command.get('ack'))
        else:
            leave(who)
    except Exception as e:
        see(who, see='event', event='%s: %s' % (type(e).__name__, e))


# A handler that fails ends the thread that reads, silently but for this.
threading.excepthook = lambda a: see('', see='event', event='%s: %s' % (a.exc_type.__name__, a.exc_value))

for line in sys.stdin:
    run(json.loads(line))
