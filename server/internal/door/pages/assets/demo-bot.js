// A bot is a second player in this page, with its own connection, for players without an opponent. It knows no more
// than any player does: it recalls answers that it was told in other games, as its level says, or else guesses. It ends
// with the page.

import {Client} from '../../../../../examples/client-js/client.js';
import {address} from './demo-connection.js';
import {guest} from './demo-early.js';
import {learn, recalled} from './demo-learned.js';
import {level, levels} from './demo-level.js';

// between is a random delay, as of a person.
const between = (least, most) => least + Math.random() * (most - least);

export class Bot {
  #given;
  #connection;
  #timers = new Set();
  #queued;
  #room = null;
  #against = null; // its opponent
  #question = null; // the last one asked
  #level = levels[level()];
  guest;

  // The options are name, rating, set, owner (the player it is for), changed() and ended(failed); and guest, if the bot was
  // there before a reload of the page.
  constructor(given) {
    this.#given = given;
    this.set = given.set;
    this.guest = given.guest ?? null;
    this.#queued = Boolean(given.guest);
    this.#connection = new Client(async () => address(this.guest ??= await guest()), {
      greet: (connection) => this.#hello(connection),
      changed: ({status}) => {
        if (status === 'refused' || status === 'replaced') this.#end(!this.#queued);
      },
    });
    this.#connection.on('*', (data, event) => this.#handlers[event]?.(data));
    this.#connection.connect();
  }

  // leave ends a bot that is no longer needed. If it was matched with another player it plays that game.
  async leave() {
    if (this.#room && this.#against !== this.#given.owner) return;
    try {
      await this.#connection.send(this.#room ? 'end_game_playing' : 'cancel_request_general_match', {roomId: this.#room ?? undefined});
    } catch {
      // the server notices the end of the connection
    }
    this.stop();
  }

  // stop ends it at once.
  stop() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#connection.close();
  }

  sleep() {
    this.#connection.close();
  }

  rise() {
    this.#connection.connect();
  }

  #end(failed = false) {
    this.stop();
    this.#given.ended(failed);
  }

  async #hello(connection) {
    const userId = this.guest.player;
    if (this.#queued) {
      await connection.send('get_state', {userId});
      return;
    }
    try {
      await connection.send('create_general_game_match', {
        userId, questionaireId: this.#given.set, rating: this.#given.rating,
        attributes: {name: this.#given.name, bot: true, rating: this.#given.rating},
      });
    } catch (problem) {
      if (problem.code === 'offline') throw problem;
      this.#end(true);
      return;
    }
    this.#queued = true;
    this.#given.changed();
  }

  #handlers = {
    match_status: (data) => {
      if (data.status === 'MATCHED') this.#meet(data);
      if (data.status === 'EXPIRED' || data.status === 'CANCELLED') {
        if (data.reason !== 'friend_match') this.#end();
      }
    },
    match_proposed: ({matchId}) => this.#later(between(600, 1500), 'accept_match', {matchId}),
    request_game_match_to_friend: ({roomId, user1}) => {
      if (user1?.id === this.#given.owner) this.#later(between(800, 1800), 'accept_friend_request', {roomId});
    },
    created_friend_match: (data) => this.#meet(data),
    question_started: (data) => this.#answer(data),
    question_closed: ({questionItemId, answer}) => {
      if (this.#question?.id !== questionItemId) return;
      const text = this.#question.choices[answer];
      if (text !== undefined) learn(this.#given.set, questionItemId, text);
    },
    game_over: () => {
      this.#room = null;
      if (this.#against !== this.#given.owner) this.#end();
    },
    state: ({match, room}) => {
      if (match?.status === 'MATCHED') this.#meet(match);
      else if (match) this.#handlers.match_proposed(match); // that event is not repeated
      if (!room) {
        if (!match) this.#end(); // it is no longer needed
        return;
      }
      this.#room = room.roomId;
      this.#against = room.scores.map(({id}) => id).find((id) => id !== this.guest.player);
      if (room.question) {
        this.#answer(room);
      } else if (room.mode === '') {
        this.#start();
      }
    },
  };

  #meet({roomId, user1, user2}) {
    if (this.#room === roomId) return;
    this.#room = roomId;
    this.#against = [user1, user2].map(({id}) => id).find((id) => id !== this.guest.player);
    this.#start();
  }

  #start() {
    this.#later(between(700, 1500), 'start_game', {roomId: this.#room, questionaireId: this.#given.set});
  }

  #answer({roomId, question, closesInMs}) {
    this.#question = question;
    const known = Math.random() < this.#level.recall ? question.choices.indexOf(recalled(this.#given.set, question.id)) : -1;
    const answer = known >= 0 ? known : Math.floor(Math.random() * question.choices.length);
    this.#later(closesInMs * between(...this.#level.pace), 'send_answer', {roomId, questionItemId: question.id, answer});
  }

  #later(wait, event, data) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#connection.send(event, data).catch(() => {}); // too late, or over: a bot ignores it
    }, wait);
    this.#timers.add(timer);
  }
}
