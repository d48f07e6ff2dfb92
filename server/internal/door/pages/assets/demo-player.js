// The player of this tab. It holds the one state, the connection, and a bot if there is one, and keeps them in step. What
// players do is in demo-actions.js.

import {Bot} from './demo-bot.js';
import {Connection, address, ended, newGuest} from './demo-connection.js';
import {apply, leave, remembered, start} from './demo-state.js';
import {load, save} from './demo-store.js';

const refusedAgain = 10_000; // ms in which a second refusal means that a new guest does not help
const mostSeen = 500; // messages that are known when they come again; the server keeps fewer

export class Player {
  #memory = load();
  #given;
  #connection;
  #seen = new Set();
  #refusedAt = -Infinity;
  #toldOpen = []; // who waits for the connection to be open, or for it to be clear that it will not
  #wasAway = false;
  #drawing = false;

  // It is given randomName() and botName(), in the language of the page, opened() for when the server has been told who we
  // are, and changed() for when something is to be drawn anew.
  constructor(given) {
    this.#given = given;
    this.state = start(this.#memory);
    this.state.me = this.#memory.me ?? null;
    this.#memory.name ??= given.randomName();
    this.#nameUs();
    this.#connection = new Connection({
      address: () => this.#address(),
      hello: (connection) => this.#hello(connection),
      heard: (event, data, seq) => this.#heard(event, data, seq),
      changed: (link) => this.#linked(link),
    });
    if (this.#memory.bot && (this.state.match || this.state.ticket)) this.callBot(this.#memory.bot.set, this.#memory.bot.guest);
    this.#connection.start();
  }

  get name() {
    return this.#memory.name;
  }

  // rename takes over a name, or makes one up.
  rename(name) {
    this.#memory.name = name.trim().slice(0, 24) || this.#given.randomName();
    this.#nameUs();
    this.changed();
  }

  // ask asks the server; it fails with {code, message, retryAfterMs?}.
  ask(event, data) {
    return this.#connection.ask(event, data);
  }

  // attempt asks for something and says what became of it if it failed; it promises null then.
  async attempt(event, data = {}) {
    const {state} = this;
    state.busy = true;
    state.notice = null;
    this.changed();
    try {
      return await this.ask(event, data);
    } catch (problem) {
      state.notice = noticeOf(problem);
      return null;
    } finally {
      state.busy = false;
      this.changed();
    }
  }

  // comeBack takes the place of the tab that took ours.
  comeBack() {
    this.#connection.start();
  }

  // becomeNew makes us another guest, and promises that the server knows.
  becomeNew() {
    this.#newcomer();
    this.#connection.start();
    return new Promise((tell) => this.#toldOpen.push(tell));
  }

  // wake does not wait for the next attempt to connect.
  wake() {
    this.#connection.wake();
  }

  // sleep is for a page that is left, but may be come back to: the others are to know at once. rise is for when it is.
  sleep() {
    this.#connection.stop();
    this.state.bot?.sleep();
  }

  rise() {
    this.#connection.start();
    this.state.bot?.rise();
  }

  // callBot has a bot play along; guest is who it is already, if it was there before the page was loaded again.
  callBot(set, guest) {
    const bot = new Bot({
      set, guest, name: this.#given.botName(), owner: this.state.me.player,
      changed: () => this.changed(),
      ended: (failed) => {
        if (this.state.bot !== bot) return;
        this.state.bot = null;
        if (failed) this.state.notice = {key: 'botFailed'};
        this.changed();
      },
    });
    this.state.bot = bot;
    this.changed();
  }

  dropBot() {
    this.state.bot?.leave();
    this.state.bot = null;
  }

  // settle does what follows from how things stand now.
  settle() {
    const {state} = this;
    const {bot, result} = state;
    const playsUs = [state.match, result].some((it) => it?.players.includes(bot?.guest?.player));
    if (bot && !state.ticket && !state.proposed && !playsUs) this.dropBot();
    if (result && !result.left) {
      result.left = true; // the server need not keep the room for us
      this.ask('end_game_playing', {roomId: result.room}).catch(() => {});
    }
    this.changed();
  }

  // changed draws the state, once however often it has changed meanwhile, and keeps it.
  changed() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      const {bot, me} = this.state;
      save({...remembered(this.state), me, name: this.name, bot: bot?.guest ? {guest: bot.guest, set: bot.set} : null});
      this.#given.changed();
    });
  }

  async #address() {
    const {state} = this;
    if (state.me && ended(state.me, 0)) this.#newPass();
    if (!state.me) {
      state.me = await newGuest();
      this.#nameUs();
    }
    return address(state.me);
  }

  // hello says who we are. What was missed comes first, and then how things stand, with the times that are left.
  async #hello(connection) {
    const {me, seq} = this.state;
    if (seq) {
      await connection.ask('resume', {userId: me.player, lastSeq: seq});
    } else {
      await connection.ask('connection_queue', {userId: me.player});
    }
    await connection.ask('get_state', {userId: me.player});
  }

  #heard(event, data, seq) {
    if (seq) {
      if (this.#seen.has(seq)) return; // after a break some may come again
      this.#seen.add(seq);
      if (this.#seen.size > mostSeen) this.#seen.delete(this.#seen.values().next().value);
      this.state.seq = seq;
    }
    apply(this.state, event, data);
    this.settle();
  }

  #linked(link) {
    const {state} = this;
    if (link.status === 'open') state.backAt = this.#wasAway ? link.since : null;
    this.#wasAway = link.status === 'away' || link.status === 'connecting' && this.#wasAway;
    state.link = {...link, again: this.#wasAway};
    state.catchingUp = link.status !== 'open';
    if (link.status !== 'connecting' && link.status !== 'away') {
      for (const tell of this.#toldOpen.splice(0)) tell();
    }
    if (link.status === 'open') this.#given.opened();
    if (link.status === 'refused' && !link.reason && performance.now() - this.#refusedAt > refusedAgain) {
      this.#refusedAt = performance.now();
      this.#newPass();
      this.#connection.start();
    }
    this.changed();
  }

  // newPass is for a guest whose proof does not hold any more.
  #newPass() {
    this.#newcomer();
    this.state.notice = {key: 'newGuest', name: this.name};
  }

  #newcomer() {
    this.dropBot();
    leave(this.state);
    Object.assign(this.state, {me: null, seq: '', invitations: []});
  }

  #nameUs() {
    if (this.state.me) this.state.names[this.state.me.player] = this.name;
  }
}

// noticeOf is what to tell of a failure.
export function noticeOf({code, message, retryAfterMs}) {
  return {key: code === 'expired' ? 'expiredError' : code, message, until: retryAfterMs ? performance.now() + retryAfterMs : null};
}
