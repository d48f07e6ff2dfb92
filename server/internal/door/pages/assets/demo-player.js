// The player of this tab. It holds the one state, the connection, and the bot, if any, and keeps them in step. The
// players' actions are in demo-actions.js.

import {Client} from '../../../../../examples/client-js/client.js';
import {address, ended} from './demo-connection.js';
import {guest} from './demo-early.js';
import {clean} from './demo-names.js';
import {apply, leave, remembered, start} from './demo-state.js';
import {load, save} from './demo-store.js';

const refusedAgain = 10_000; // ms; a second refusal within this time means that a new guest does not help

export class Player {
  #memory = load();
  #given;
  #connection;
  #refusedAt = -Infinity;
  #toldOpen = []; // waiters for the connection to open, or to fail for good
  #toldLinked = []; // waiters for the present attempt to connect to end
  #wasAway = false;
  #drawing = false;

  // The options are randomName() and botName(), in the language of the page; bot(), which promises the class Bot; opened(), called when the server knows us;
  // heard(event), called after each event; and changed(), called when the page must be redrawn.
  constructor(given) {
    this.#given = given;
    this.state = start(this.#memory);
    this.state.me = this.#memory.me ?? null;
    this.#memory.name ??= given.randomName();
    this.#nameUs();
    this.#connection = new Client(() => this.#address(), {lastSeq: this.state.seq, changed: (link) => this.#linked(link)});
    this.#connection.on('*', (data, event) => this.#heard(event, data));
    this.#connection.connect();
  }

  get name() {
    return this.#memory.name;
  }

  // rename sets a name, or a random one.
  rename(name) {
    this.#memory.name = clean(name) || this.#given.randomName();
    this.#nameUs();
    this.changed();
  }

  // ask sends a request; it fails with {code, message, retryAfterMs?}.
  ask(event, data) {
    return this.#connection.send(event, data);
  }

  // attempt sends a request. If it fails, attempt shows a notice and promises null.
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

  // linked promises whether the server knows us, after the attempt to connect that is under way.
  async linked() {
    const {state} = this;
    state.busy = true;
    this.changed();
    const open = await new Promise((tell) => this.#toldLinked.push(tell));
    state.busy = false;
    this.changed();
    return open;
  }

  // join asks for a game with the player of a link.
  join({to, name, set}) {
    const {state} = this;
    if (state.ticket) this.ask('cancel_request_general_match').catch(() => {}); // a match takes us out of the queue, too
    this.dropBot();
    leave(state);
    if (name) state.names[to] = name;
    if (set) state.set = set;
    state.join = {to, askAt: 0};
    this.changed();
  }

  // comeBack takes the connection back from another tab.
  comeBack() {
    this.#connection.connect();
  }

  // becomeNew makes us another guest; the promise resolves when the server knows.
  becomeNew() {
    this.#newcomer();
    this.#connection.connect();
    return new Promise((tell) => this.#toldOpen.push(tell));
  }

  // wake makes the next attempt to connect at once.
  wake() {
    this.#connection.wake();
  }

  // sleep disconnects a page that the user leaves, so that opponents know at once. rise is for their return.
  sleep() {
    this.#connection.close();
    this.state.bot?.sleep();
  }

  rise() {
    this.#connection.connect();
    this.state.bot?.rise();
  }

  // bringBot brings the bot back that was there before a reload of the page.
  bringBot() {
    const {bot} = this.#memory;
    this.#memory.bot = null;
    if (bot && (this.state.match || this.state.ticket)) this.callBot(bot.set, bot.guest);
  }

  // callBot starts a bot; guest is its identity if it was there before.
  async callBot(set, guest) {
    const Bot = await this.#given.bot();
    if (this.state.bot || !guest && !this.state.ticket) return; // it is there, or not needed any more
    const bot = new Bot({
      set, guest, name: this.#given.botName(), rating: this.state.rating, owner: this.state.me.player,
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

  // settle takes the actions that the current state requires.
  settle() {
    const {state} = this;
    const {bot, result} = state;
    const playsUs = [state.match, result].some((it) => it?.players.includes(bot?.guest?.player));
    if (bot && !state.ticket && !state.proposed && !playsUs) this.dropBot();
    if (result && !result.left) {
      result.left = true; // the server may drop the room
      this.ask('end_game_playing', {roomId: result.room}).catch(() => {});
    }
    this.changed();
  }

  // changed draws the state and stores it, once for all changes made meanwhile.
  changed() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => {
      this.#drawing = false;
      const {bot, me} = this.state;
      save({...remembered(this.state), me, name: this.name, bot: bot?.guest ? {guest: bot.guest, set: bot.set} : this.#memory.bot ?? null});
      this.#given.changed();
    });
  }

  async #address() {
    const {state} = this;
    if (state.me && ended(state.me, 0)) this.#newPass();
    if (!state.me) {
      state.me = await guest();
      this.#nameUs();
    }
    this.#connection.player = state.me.player;
    return address(state.me);
  }

  #heard(event, data) {
    this.state.seq = this.#connection.lastSeq;
    apply(this.state, event, data);
    this.settle();
    this.#given.heard(event);
  }

  #linked(link) {
    const {state} = this;
    if (link.status === 'open') state.backAt = this.#wasAway ? link.since : null;
    this.#wasAway = link.status === 'away' || link.status === 'connecting' && this.#wasAway;
    state.link = {...link, again: this.#wasAway};
    if (link.status !== 'connecting') {
      for (const tell of this.#toldLinked.splice(0)) tell(link.status === 'open');
    }
    if (link.status !== 'connecting' && link.status !== 'away') {
      for (const tell of this.#toldOpen.splice(0)) tell();
    }
    if (link.status === 'open') this.#given.opened();
    if (link.status === 'refused' && link.reason === 'unauthorized' && performance.now() - this.#refusedAt > refusedAgain) {
      this.#refusedAt = performance.now();
      this.#newPass();
      this.#connection.connect();
    }
    this.changed();
  }

  // newPass gets a new guest when our token is no longer valid.
  #newPass() {
    this.#newcomer();
    this.state.notice = {key: 'newGuest', name: this.name};
  }

  #newcomer() {
    this.dropBot();
    leave(this.state);
    this.#connection.lastSeq = '';
    Object.assign(this.state, {me: null, seq: '', invitations: []});
  }

  #nameUs() {
    if (this.state.me) this.state.names[this.state.me.player] = this.name;
  }
}

// noticeOf returns the notice for a failure.
export function noticeOf({code, message, retryAfterMs}) {
  return {key: code === 'expired' ? 'expiredError' : code, message, until: retryAfterMs ? performance.now() + retryAfterMs : null};
}
