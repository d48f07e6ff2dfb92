// Tests the client of examples/client-js against servers, for javascript_test.go:
//
//   node javascript.js OPEN GUARDED TOKEN    the addresses of a server without secrets and of one with them, and a token for it
'use strict';

const assert = require('node:assert');
const WebSocket = require('ws');

const [open, guarded, token] = process.argv.slice(2);
const patience = 30_000; // ms; a run that passes does not wait that long
const problems = [];

// Mute is a connection whose server has died without a word: open, and without answers.
class Mute {
  static opened = 0;
  readyState = 1;
  constructor() {
    Mute.opened++;
    setTimeout(() => this.onopen?.());
  }
  send() {}
  close() {}
}

// Stutter is a connection whose server repeats a push, and acknowledges everything.
class Stutter extends Mute {
  send(text) {
    const {id} = JSON.parse(text);
    for (const seq of ['7-0', '7-0', '8-0']) this.onmessage({data: JSON.stringify({event: 'opponent_back', data: {}, seq})});
    this.onmessage({data: JSON.stringify({event: 'ack', id, data: {}})});
  }
}

async function main() {
  const {Client, RequestError} = await import('../../../../../examples/client-js/client.js');

  // started returns a client with all it hears: events, and statuses of its link.
  function started(player, {address = open, ...options} = {}) {
    const heard = [];
    const statuses = [];
    const waiting = new Set();
    const tell = () => { for (const look of [...waiting]) look(); };
    // Remembered, so that a test can break it as a dead network does.
    const Remembered = class extends WebSocket {
      constructor(url) { super(url); client.socket = this; }
    };
    const client = new Client(address, {
      player, WebSocket: Remembered, changed: ({status}) => { statuses.push(status); tell(); }, ...options,
    });
    client.on('*', (data, event) => { heard.push({event, data}); tell(); });
    // until promises the first value that a function returns, after whatever happens.
    client.until = (what, is) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${player} waits for ${what}: ${JSON.stringify({statuses, heard})}`)), patience);
      const look = () => {
        const value = is();
        if (!value) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve(value);
      };
      waiting.add(look);
      look();
    });
    client.hears = (event, status) => client.until(`${event} ${status ?? ''}`, () =>
      heard.find((it) => it.event === event && (!status || it.data.status === status))?.data);
    client.has = (status) => client.until(`the status ${status}`, () => client.link.status === status);
    client.connect();
    return Object.assign(client, {heard, statuses});
  }

  async function fails(promise, code) {
    await assert.rejects(promise, (e) => e instanceof RequestError && e.code === code);
  }

  const tests = {
    async 'two players play a game'() {
      const [a, b] = [started('ada'), started(17)];
      await Promise.all([a.has('open'), b.has('open')]);
      const queued = await a.queue({questionaireId: 'colours', attributes: {name: 'Ada'}});
      assert.equal(queued.status, 'PUSHED_TO_QUEUE');
      assert.equal((await a.queue({questionaireId: 'colours'})).status, 'DUPLICATED_USER_ID');
      await b.queue({questionaireId: 'colours'});
      const [match, other] = await Promise.all([a.hears('match_status', 'MATCHED'), b.hears('match_status', 'MATCHED')]);
      assert.equal(match.roomId, other.roomId);
      assert.deepEqual([match.user1.id, match.user2.id], ['ada', 17]);
      assert.equal((await a.cancel()).status, 'ALREADY_MATCHED');
      const {roomId} = match;
      const answers = [];
      for (const client of [a, b]) {
        client.on('question_started', ({question}) => answers.push(client.answer({roomId, questionItemId: question.id, answer: client === a ? 1 : 0})));
        await client.send('start_game', {roomId, limit: 2});
      }
      const over = await a.hears('game_over');
      assert.equal(over.reason, 'finished');
      assert.equal(over.results.length, 2);
      await Promise.all(answers); // close would reject those without a reply
      await fails(a.send('make_tea'), 'unknown_event');
      a.close();
      b.close();
      assert.equal(a.statuses.join(), 'connecting,open,stopped');
      await fails(a.cancel(), 'offline');
    },

    async 'a client comes back, and hears what it missed, once'() {
      const [a, b] = [started('eve'), started('bob')];
      await Promise.all([a.has('open'), b.has('open')]);
      await Promise.all([a.queue({questionaireId: 'numbers'}), b.queue({questionaireId: 'numbers'})]);
      const {matchId} = await a.hears('match_status', 'MATCHED');
      a.close(); // the page is closed
      const assigned = await fetch(`${open.replace(/^ws(.*)ws$/, 'http$1')}v1/matches/${matchId}/assignment`, {
        method: 'PUT', headers: {'Content-Type': 'application/json'}, body: '{"connection":"10.0.0.7:7777"}',
      });
      assert.equal(assigned.status, 200);
      await b.hears('match_assigned');
      const again = started('eve', {lastSeq: a.lastSeq});
      assert.equal((await again.hears('match_assigned')).connection, '10.0.0.7:7777');
      await again.has('open');
      const asked = fails(again.send('get_connection_status'), 'offline');
      again.socket.terminate();
      await asked;
      await again.has('open');
      assert.equal(again.statuses.join(), 'connecting,open,away,connecting,open');
      assert.equal(again.heard.filter(({event}) => event === 'match_assigned').length, 1);
      assert.equal(again.heard.filter(({event}) => event === 'state').length, 2);
      again.close();
      b.close();
    },

    async 'a push that comes again is heard once'() {
      const a = started('ida', {WebSocket: Stutter});
      await a.has('open');
      assert.equal(a.heard.length, 2);
      assert.equal(a.lastSeq, '8-0');
      a.close();
    },

    async 'the newer of two connections stays'() {
      const one = started('twin');
      await one.has('open');
      const other = started('twin');
      await Promise.all([one.has('replaced'), other.has('open')]);
      one.wake(); // it does not come back by itself
      assert.equal(one.statuses.join(), 'connecting,open,replaced');
      one.connect();
      await Promise.all([one.has('open'), other.has('replaced')]);
      one.close();
    },

    async 'a token names the player'() {
      const a = started(undefined, {address: async () => `${guarded}?token=${token}`});
      await a.has('open');
      assert.equal((await a.queue({questionaireId: 'tokens'})).status, 'PUSHED_TO_QUEUE');
      assert.equal((await a.cancel()).status, 'CANCEL_REQUEST_COMPLETE');
      a.close();
      const refused = started(undefined, {address: `${guarded}?token=wrong`});
      assert.equal((await refused.connect()).status, 'refused');
      assert.equal(refused.link.reason, 'unauthorized');
      const another = started('somebody', {address: `${guarded}?token=${token}`});
      await another.has('refused'); // and does not try the same again
      assert.equal(another.link.reason, 'forbidden');
    },

    async 'an address that fails is asked again, unless that is final'() {
      let asked = 0;
      const address = () => {
        if (++asked === 1) throw {retryAfterMs: 1, reason: 'busy'};
        if (asked === 2) return 'ws://127.0.0.1:1/ws'; // where nobody listens
        throw {final: true, reason: 'none'};
      };
      const a = started('zoe', {address});
      assert.equal(await a.until('a pause', () => a.link.status === 'away' && a.link.reason), 'busy');
      a.wake();
      await a.until('another pause', () => a.link.status === 'away' && asked === 2);
      const wait = a.link.until - a.link.since;
      assert.ok(wait >= 249 && wait <= 501, `the second pause is ${wait} ms`);
      await a.has('refused');
      assert.equal(a.link.reason, 'none');
    },

    async 'a server that falls silent counts as lost'() {
      const silent = started('mia', {WebSocket: Mute, patienceMs: 20, heartbeatMs: 5});
      await silent.until('an attempt', () => silent.statuses.join() === 'connecting,away');
      silent.close();
      const dying = started('mia', {WebSocket: Mute, patienceMs: 20, heartbeatMs: 5, greet: async () => {}});
      await dying.until('the loss', () => dying.statuses.join() === 'connecting,open,away');
      dying.close();
    },
  };

  await Promise.all(Object.entries(tests).map(async ([name, test]) => {
    try {
      await test();
    } catch (problem) {
      problems.push(`${name}: ${problem.stack}`);
    }
  }));
  for (const problem of problems) console.error(problem);
  process.exit(problems.length > 0 ? 1 : 0);
}

main();
