// @ts-check
// A client of matchq's plain WebSocket, without dependencies. It connects, reconnects, resumes what it missed, and names
// each event and answer by its type (events.d.ts). README.md beside this file shows how to use it.

/** @typedef {import('./events').ServerEvents} ServerEvents */
/** @typedef {import('./events').Requests} Requests */
/** @typedef {import('./events').Link} Link */
/**
 * @typedef {import('./events').Options & {greet?: (client: Client) => Promise<unknown>}} Options greet makes the server know
 *   the client, before the link is open. Defaults to recover.
 */
/** @typedef {import('./events').Problem} Problem */

const unauthorized = 4401; // the token is missing, wrong or has ended
const replaced = 4409; // a newer connection of the player has taken over
const firstPause = 250; // ms until the first attempt to reconnect; a lost player has a few seconds
const longestPause = 8000;
const maxSeen = 500; // remembered messages, to drop repeats; the server keeps fewer
const hopeless = ['invalid', 'forbidden', 'bad_message', 'unknown_event']; // the same request would fail again

/** The error of a request. Its code is one of the server's, or `offline`: the connection was lost, so ask get_state. */
export class RequestError extends Error {
  /** @param {Problem} problem */
  constructor({code, message, retryAfterMs}) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

export class Client {
  /** @type {Options} */ #options;
  /** @type {string | (() => string | Promise<string>)} */ #address;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (why: RequestError) => void}>} */ #pending = new Map();
  /** @type {Map<string, Set<(data: any, event: any) => void>>} */ #handlers = new Map();
  /** @type {Set<string>} */ #seen = new Set();
  /** @type {((link: Link) => void)[]} */ #waiters = []; // for the link to open or to end
  /** @type {any} */ #timer = 0;
  #lastID = 0;
  #attempts = 0;
  #turn = 0;
  /** @type {Link} */ link = {status: 'stopped', since: 0};
  /** Set both before connect to become another player. */
  player;
  /** The place of the last push. Keep it to resume after a reload of the page. */
  lastSeq;

  /**
   * @param {string | (() => string | Promise<string>)} address such as `ws://127.0.0.1:4000/ws?token=…`. A function is asked
   *   before each attempt, for a fresh token. It may throw `{retryAfterMs}`, or `{final: true}` to end all attempts.
   * @param {Options} [options]
   */
  constructor(address, options = {}) {
    this.#address = address;
    this.#options = options;
    this.player = options.player;
    this.lastSeq = options.lastSeq ?? '';
  }

  /** Connects, and stays connected until close, or until the link is `refused` or `replaced`. Promises the link once it is
   * one of these, or open.
   * @returns {Promise<Link>} */
  connect() {
    this.#attempts = 0;
    this.#open();
    return new Promise((tell) => this.#waiters.push(tell));
  }

  /** Disconnects. The server gives the ticket and the game up after its grace. */
  close() {
    this.#drop();
    this.#change({status: 'stopped'});
  }

  /** Makes the next attempt at once, for a page that is online or visible again. */
  wake() {
    if (this.link.status === 'away') this.#open();
  }

  /**
   * Calls a handler for each event of a name, or of all names for `*`. Returns a function that ends this.
   * @template {keyof ServerEvents | '*'} E
   * @param {E} event
   * @param {(data: E extends keyof ServerEvents ? ServerEvents[E] : unknown, event: string) => void} handler
   */
  on(event, handler) {
    const handlers = this.#handlers.get(event) ?? new Set();
    this.#handlers.set(event, handlers.add(handler));
    return () => { handlers.delete(handler); };
  }

  /**
   * Sends an event and promises its answer, or rejects with a RequestError.
   * @template {keyof Requests} E
   * @param {E} event
   * @param {Requests[E]['data']} [data]
   * @returns {Promise<Requests[E]['answer']>}
   */
  send(event, data) {
    const socket = this.#socket;
    if (socket?.readyState !== 1) return Promise.reject(offline()); // 1 is OPEN
    const id = ++this.#lastID;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#lost(socket), this.#options.patienceMs ?? 10_000);
      this.#pending.set(id, {
        resolve: (answer) => { clearTimeout(timer); resolve(answer); },
        reject: (why) => { clearTimeout(timer); reject(why); },
      });
      socket.send(JSON.stringify({event, data: data ?? {}, id}));
    });
  }

  /** Waits in a queue. The match comes as the event match_status, as does whatever else becomes of the ticket.
   * @param {Requests['create_general_game_match']['data']} request */
  queue(request) { return this.send('create_general_game_match', {userId: this.player, ...request}); }

  /** Leaves the queue. The status ALREADY_MATCHED says that it was too late. */
  cancel() { return this.send('cancel_request_general_match', {userId: this.player}); }

  /** @param {string} matchId of match_proposed */
  accept(matchId) { return this.send('accept_match', {matchId}); }

  /** @param {string} matchId of match_proposed */
  decline(matchId) { return this.send('decline_match', {matchId}); }

  /** @param {Requests['send_answer']['data']} answer to a question; the first one counts */
  answer(answer) { return this.send('send_answer', answer); }

  async #open() {
    this.#drop();
    this.#change({status: 'connecting'});
    const turn = this.#turn; // a newer attempt has another number
    let address;
    try {
      address = typeof this.#address === 'function' ? await this.#address() : this.#address;
    } catch (/** @type {any} */ problem) {
      if (this.#turn === turn) this.#later(problem);
      return;
    }
    if (this.#turn !== turn) return;
    const socket = new (this.#options.WebSocket ?? WebSocket)(address);
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#lost(socket), this.#options.patienceMs ?? 10_000);
    socket.onopen = () => this.#greet(socket);
    socket.onmessage = ({data}) => this.#hear(JSON.parse(data));
    socket.onclose = ({code}) => this.#lost(socket, code);
    socket.onerror = () => {}; // it is closed next
  }

  /** @param {WebSocket} socket */
  async #greet(socket) {
    try {
      await (this.#options.greet ?? recover)(this);
    } catch (/** @type {any} */ {code, retryAfterMs}) {
      if (socket !== this.#socket) return;
      this.#drop();
      this.#later({final: hopeless.includes(code), reason: code, retryAfterMs});
      return;
    }
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    // A connection that broke without a word shows only by an answer that does not come.
    this.#timer = setInterval(() => this.send('check_socket_id').catch(() => {}), this.#options.heartbeatMs ?? 20_000);
    this.#attempts = 0;
    this.#change({status: 'open'});
  }

  /** @param {{event: string, data: any, seq?: string, id?: number}} frame */
  #hear({event, data, seq, id}) {
    const request = id === undefined ? undefined : this.#pending.get(id);
    if (request) {
      this.#pending.delete(Number(id));
      if (event === 'error') request.reject(new RequestError(data));
      else request.resolve(data);
      return;
    }
    if (seq) { // after a broken connection some are repeated
      if (this.#seen.has(seq)) return;
      this.#seen.add(seq);
      const [oldest] = this.#seen;
      if (this.#seen.size > maxSeen) this.#seen.delete(oldest);
      this.lastSeq = seq;
    }
    for (const name of [event, '*']) {
      for (const handler of this.#handlers.get(name) ?? []) handler(data ?? {}, event);
    }
  }

  /** Ends a connection, unless a newer one has replaced it.
   * @param {WebSocket} socket
   * @param {number} [code] of the close frame */
  #lost(socket, code) {
    if (socket !== this.#socket) return;
    this.#drop();
    if (code === unauthorized) this.#change({status: 'refused', reason: 'unauthorized'});
    else if (code === replaced) this.#change({status: 'replaced'});
    else this.#later({});
  }

  /** @param {{final?: boolean, reason?: string, retryAfterMs?: number}} problem */
  #later({final, reason, retryAfterMs = 0}) {
    if (final) return this.#change({status: 'refused', reason});
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
    for (const [id, {reject}] of this.#pending) {
      this.#pending.delete(id);
      reject(offline());
    }
  }

  /** @param {Omit<Link, 'since'>} link */
  #change(link) {
    this.link = {...link, since: performance.now()};
    this.#options.changed?.(this.link);
    if (link.status === 'connecting' || link.status === 'away') return;
    for (const tell of this.#waiters.splice(0)) tell(this.link);
  }
}

/** Greets the server as the player: what was missed comes first, then the current state as the event state. The server takes
 * the requests of a connection in order, so both leave at once: one round trip.
 * @param {Client} client */
export async function recover(client) {
  const userId = client.player;
  const known = client.lastSeq ? client.send('resume', {userId, lastSeq: client.lastSeq}) : client.send('connection_queue', {userId});
  await Promise.all([known, client.send('get_state', {userId})]);
}

// offline is the error of a request that lost its connection.
const offline = () => new RequestError({code: 'offline', message: 'the connection is lost'});
