// Runs clients of the server for clients_test.go: commands come as lines of JSON on stdin, what the clients see goes out
// as lines of JSON on stdout, in the same words for every kind of client. driver.py does the same for the client in python.
//
//   {do: 'connect', as: 'a', kind: 'plain' | 'client 1' | … | 'client 4', mode, url, namespaces, token, recover}
//                                                  mode: 'websocket', 'polling', 'websocket, polling', or 'default', which
//                                                  polls and then upgrades
//                                                  namespaces: of a Socket.IO client; the first is the app's
//                                                  recover: true for a Socket.IO client that asks for recovery
//   {do: 'send', as: 'a', event, data, ack: 7, in} ack is left out where no acknowledgement is asked for; in is another
//                                                  namespace than the app's
//   {do: 'drop', as: 'a'}                          breaks the connection as a dead network does; the client comes back
//   {do: 'away', as: 'a'}                          the same, but the client can't come back before
//   {do: 'return', as: 'a'}
//   {do: 'disconnect', as: 'a'}                    leaves the app's namespace, or closes the connection if there is no other
//   {do: 'again', as: 'a'}                         connects after 'disconnect'
//   {do: 'leave', as: 'a'}                         closes it for good
//
//   {as: 'a', see: 'connected', data}              also when it has come back by itself; data is {recovered: true} if the
//                                                  library says that it has missed nothing by that
//   {as: 'a', see: 'event', event, data, seq}      an event, or 'connected', of another namespace begins with its name
//   {as: 'a', see: 'ack', ack: 7, data}            data is {error: {code, message}} where the event failed
//   {as: 'a', see: 'lost'}                         the connection broke, and the client tries to come back
//   {as: 'a', see: 'disconnected'}                 the client has left as it was told
//   {as: 'a', see: 'shut out', data: {code}}       the server ended it, and the client stays away by itself
'use strict';

const http = require('http');
const WebSocket = require('ws');
const libraries = {};
for (const version of [1, 2, 3, 4]) libraries[`client ${version}`] = require(`socket.io-client-${version}`);

const delay = {reconnectionDelay: 20, reconnectionDelayMax: 100, randomizationFactor: 0};
const nowhere = 'http://127.0.0.1:1'; // where nobody listens
const watch = 250; // ms: how long a client that was shut out is watched for coming back
const clients = {};

// Requests under way, so that they can be broken off.
const requests = new Set();
const makeRequest = http.request;
http.request = (...args) => {
  const request = makeRequest(...args);
  requests.add(request);
  request.on('close', () => requests.delete(request));
  return request;
};

// breakPoll breaks a session's poll off. It returns whether one was under way. The GET of an upgrade is none.
function breakPoll(sid) {
  for (const request of requests) {
    if (request.method !== 'GET' || !request.path.includes(sid) || !request.path.includes('transport=polling')) continue;
    request.destroy();
    return true;
  }
  return false;
}

function see(as, what) {
  process.stdout.write(JSON.stringify({as, ...what}) + '\n');
}

// shutOut reports a client that should stay away, once it is plain that it does. attempts counts its connections.
function shutOut(as, code, attempts) {
  const before = attempts();
  setTimeout(() => {
    if (attempts() === before) see(as, {see: 'shut out', data: {code}});
    else see(as, {see: 'event', event: `came back ${attempts() - before} times after ${code}`});
  }, watch);
}

// Plain is what a client of the plain WebSocket does: it comes back, unless it was told to stay away.
class Plain {
  constructor(as, {url, token}) {
    this.as = as;
    this.url = url.replace(/^http/, 'ws') + '/ws' + (token ? '?token=' + encodeURIComponent(token) : '');
    this.attempts = 0;
    this.open();
  }

  open() {
    this.attempts++;
    this.connected = false;
    const ws = this.ws = new WebSocket(this.url);
    ws.on('open', () => ws.send('{"event":"check_socket_id","id":"hello"}'));
    ws.on('message', (text) => this.frame(JSON.parse(text)));
    ws.on('error', () => {});
    ws.on('close', (code) => this.closed(code));
  }

  frame({event, id, data, seq}) {
    if (!this.connected) { // nobody has been let in before the first answer
      if (event !== 'ack') return;
      this.connected = true;
      see(this.as, {see: 'connected'});
    } else if (event === 'ack') {
      see(this.as, {see: 'ack', ack: id, data});
    } else if (event === 'error' && id !== undefined) {
      see(this.as, {see: 'ack', ack: id, data: {error: data}});
    } else {
      see(this.as, {see: 'event', event, data, seq});
    }
  }

  closed(code) {
    if (this.left) return;
    if (this.resting) return see(this.as, {see: 'disconnected'});
    const forGood = {4401: 'unauthorized', 4409: 'replaced'}[code];
    if (forGood) return shutOut(this.as, forGood, () => this.attempts);
    if (this.connected) see(this.as, {see: 'lost'});
    setTimeout(() => this.open(), delay.reconnectionDelay);
  }

  send(event, data, ack) { this.ws.send(JSON.stringify({event, data, id: ack})); }
  drop() { this.ws.terminate(); }
  away() {
    this.home = this.url;
    this.url = nowhere.replace('http', 'ws');
    this.drop();
  }
  return() { this.url = this.home; }
  disconnect() { this.resting = true; this.ws.close(1000); }
  again() { this.resting = false; this.open(); }
  leave() { this.left = true; this.ws.close(1000); }
}

function transports(mode) {
  return mode === 'default' ? {} : {transports: mode.split(', ')};
}

// SocketIO is a client of the Socket.IO library, which comes back by rules of its own.
class SocketIO {
  constructor(as, {kind, mode, url, namespaces: [app, ...others], token, recover}) {
    this.as = as;
    this.attempts = 0;
    this.args = recover ? 2 : 1; // that an event may have
    const old = this.old = kind === 'client 1' || kind === 'client 2';
    const auth = old ? {query: token ? {token} : {}} : {auth: {token, recover}};
    const socket = this.socket = libraries[kind](url + app, {...transports(mode), forceNew: true, ...delay, ...auth});
    socket.on('connect', () => see(as, {see: 'connected', data: socket.recovered ? {recovered: true} : undefined}));
    socket.on('disconnect', (why) => this.disconnected(why));
    if (!old) {
      socket.on('connect_error', (e) => this.refused(e.data));
      socket.onAny((event, ...args) => this.event(event, args));
    } else { // which has no such thing
      socket.on('error', (e) => { if (!socket.connected) this.refused(e); });
      const emit = socket.onevent;
      socket.onevent = (packet) => {
        this.event(packet.data[0], packet.data.slice(1));
        emit.call(socket, packet);
      };
    }
    socket.io.on('open', () => this.attempts++);
    socket.io.on('reconnect_attempt', () => this.attempts++);
    this.others = Object.fromEntries(others.map((namespace) => [namespace, this.join(namespace)]));
  }

  // join enters another namespace by the same connection.
  join(namespace) {
    const socket = this.socket.io.socket(namespace);
    const name = (event) => `${namespace} ${event}`;
    socket.on('connect', () => see(this.as, {see: name('connected')}));
    if (!this.old) {
      socket.onAny((event, data) => see(this.as, {see: 'event', event: name(event), data}));
    } else {
      socket.onevent = ({data: [event, data]}) => see(this.as, {see: 'event', event: name(event), data});
    }
    return socket;
  }

  refused(why) {
    if (this.left || !why || !why.code) return; // a server that can't be reached gives no code
    this.left = true;
    shutOut(this.as, why.code, () => this.attempts);
  }

  event(event, args) {
    if (this.last) this.flush();
    const [data, seq] = args;
    if (args.length > this.args) event = `${event} with ${args.length} arguments`;
    if (event === 'error' && ['shutting_down', 'too_large'].includes(data.code)) return; // a poller's close code: it is lost next
    const line = {see: 'event', event, data, seq};
    if (event === 'error' && (data.code === 'replaced' || data.code === 'unauthorized')) this.last = line;
    else see(this.as, line);
  }

  // flush reports an error that was no farewell.
  flush() {
    see(this.as, this.last);
    this.last = undefined;
  }

  disconnected(why) {
    if (this.left) return;
    if (why === 'io client disconnect') return this.closed.then(() => see(this.as, {see: 'disconnected'}));
    if (why === 'io server disconnect' && this.last) {
      const {code} = this.last.data;
      this.last = undefined;
      return shutOut(this.as, code, () => this.attempts);
    }
    if (this.last) this.flush();
    see(this.as, {see: 'lost'});
  }

  send(event, data, ack, namespace) {
    const socket = namespace ? this.others[namespace] : this.socket;
    const args = data === undefined ? [] : [data];
    if (ack !== undefined) args.push((answer) => see(this.as, {see: 'ack', ack, data: answer}));
    socket.emit(event, ...args);
  }

  // drop breaks the connection. Between two polls it waits for the next one, or for a WebSocket in its place.
  drop() {
    const {engine} = this.socket.io;
    if (engine.transport.ws) engine.transport.ws.terminate();
    else if (!breakPoll(engine.id)) setTimeout(() => this.drop(), 1);
  }
  away() {
    this.home = this.socket.io.uri;
    this.socket.io.uri = nowhere;
    this.drop();
  }
  return() { this.socket.io.uri = this.home; }
  // disconnect waits for the end of the connection: clients 1 to 3 take it for one of the next connection.
  disconnect() {
    const closes = Object.keys(this.others).length === 0;
    this.closed = closes ? new Promise((resolve) => this.socket.io.once('close', resolve)) : Promise.resolve();
    this.socket.disconnect();
  }
  again() { this.socket.connect(); }
  leave() {
    this.left = true;
    for (const socket of [this.socket, ...Object.values(this.others)]) socket.disconnect();
  }
}

const commands = {
  connect(c) { clients[c.as] = c.kind === 'plain' ? new Plain(c.as, c) : new SocketIO(c.as, c); },
  send({as, event, data, ack, in: namespace}) { clients[as].send(event, data, ack, namespace); },
  drop({as}) { clients[as].drop(); },
  away({as}) { clients[as].away(); },
  return({as}) { clients[as].return(); },
  disconnect({as}) { clients[as].disconnect(); },
  again({as}) { clients[as].again(); },
  leave({as}) { clients[as].leave(); delete clients[as]; },
};

const lines = require('readline').createInterface({input: process.stdin});
lines.on('line', (line) => {
  const command = JSON.parse(line);
  commands[command.do](command);
});
lines.on('close', () => process.exit(0));
