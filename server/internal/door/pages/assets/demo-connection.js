// A plain WebSocket that reconnects by itself. The server's README describes its events.

const unauthorized = 4401;
const replaced = 4409;

const firstPause = 250; // ms until the first attempt to reconnect; a lost player has a few seconds
const longestPause = 8000;
const answerPatience = 10_000; // ms for the server to answer; after that the connection counts as lost

// offline is the error of a request that lost its connection.
const offline = () => ({code: 'offline', message: 'the connection is lost'});

// Connection calls these functions:
//   address()            promises the address; an error with final = true ends all attempts
//   hello(connection)    identifies us and asks for the current state, before anything else is sent
//   heard(event, data, seq)
//   changed(link)        {status, since, until?, reason?}; status is one of
//                        connecting, open, away (until the next attempt), refused, replaced, stopped
export class Connection {
  #given;
  #socket = null;
  #pending = new Map(); // requests by id, with their promises' functions
  #lastID = 0;
  #attempts = 0;
  #timer = 0;
  #turn = 0;
  link = {status: 'stopped'};

  constructor(given) {
    this.#given = given;
  }

  start() {
    this.#attempts = 0;
    this.#open();
  }

  stop() {
    this.#drop();
    this.#change({status: 'stopped'});
  }

  // wake makes the next attempt at once.
  wake() {
    if (this.link.status === 'away') this.#open();
  }

  // ask sends an event and promises its acknowledgement. It fails with {code, message, retryAfterMs?}.
  ask(event, data = {}) {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(offline());
    const id = ++this.#lastID;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#lost(socket), answerPatience);
      const done = (settle) => (value) => {
        clearTimeout(timer);
        this.#pending.delete(id);
        settle(value);
      };
      this.#pending.set(id, {resolve: done(resolve), reject: done(reject)});
      socket.send(JSON.stringify({event, data, id}));
    });
  }

  async #open() {
    this.#drop();
    this.#change({status: 'connecting'});
    const turn = this.#turn; // a newer attempt has another number
    let address;
    try {
      address = await this.#given.address();
    } catch (problem) {
      if (this.#turn === turn) this.#later(problem);
      return;
    }
    if (this.#turn !== turn) return;
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket), answerPatience);
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = (message) => this.#hear(message.data);
    socket.onclose = (closed) => this.#lost(socket, closed.code);
  }

  async #greet(socket) {
    try {
      await this.#given.hello(this);
    } catch {
      this.#lost(socket);
      return;
    }
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#attempts = 0;
    this.#change({status: 'open'});
  }

  #hear(text) {
    const {event, data, seq, id} = JSON.parse(text);
    if (event === 'ack') {
      this.#pending.get(id)?.resolve(data);
    } else if (event === 'error' && id !== undefined) {
      this.#pending.get(id)?.reject(data);
    } else {
      this.#given.heard(event, data ?? {}, seq);
    }
  }

  // lost ends a connection, unless a newer one has replaced it.
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#drop();
    if (code === unauthorized) {
      this.#change({status: 'refused'});
    } else if (code === replaced) {
      this.#change({status: 'replaced'});
    } else {
      this.#later({});
    }
  }

  #later({final, reason, retryAfterMs = 0}) {
    if (final) {
      this.#change({status: 'refused', reason});
      return;
    }
    // Random pauses, so that the clients of a lost server do not all reach the next one at once.
    const pause = Math.min(firstPause * 2 ** this.#attempts++, longestPause) * (0.5 + Math.random() / 2);
    const wait = Math.max(pause, retryAfterMs);
    this.#timer = setTimeout(() => this.#open(), wait);
    this.#change({status: 'away', until: performance.now() + wait, reason});
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#turn++;
    const socket = this.#socket;
    this.#socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close(1000);
    }
    for (const waiting of [...this.#pending.values()]) waiting.reject(offline());
  }

  #change(link) {
    this.link = {...link, since: performance.now()};
    this.#given.changed(this.link);
  }
}

// address is the URL of the server's WebSocket, beside this page, with the guest's token, if any.
export function address(guest) {
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  if (guest.token) url.searchParams.set('token', guest.token);
  return url.href;
}

// newGuest asks the server for a new player.
export async function newGuest() {
  const answer = await fetch('v1/demo/guest', {method: 'POST'});
  if (answer.ok) return answer.json();
  throw {
    final: answer.status === 404,
    reason: {404: 'noDemo', 429: 'rateLimited'}[answer.status],
    retryAfterMs: 1000 * Number(answer.headers.get('Retry-After') ?? 0),
  };
}

// ended returns whether a guest's token ends within a time (ms).
export function ended(guest, least) {
  return Boolean(guest.expires_at) && Date.parse(guest.expires_at) - Date.now() < least;
}
