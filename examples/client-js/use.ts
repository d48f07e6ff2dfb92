// Checks the types as a program sees them: each line must compile, and those marked must not.
import {Client, RequestError, recover} from './client';
import type {Link, MatchStatus, Question} from './events';

const client = new Client(async () => 'wss://play.example/ws', {player: 17, changed: ({status}: Link) => status === 'away'});

const stop: () => void = client.on('match_status', (data) => {
  if (data.status === 'MATCHED') data.user2.id.toString();
  // @ts-expect-error: only MATCHED has users
  data.user2;
});
client.on('question_started', ({question}: {question: Question}) => client.answer({roomId: 'r', questionItemId: question.id, answer: 0}));
client.on('*', (data, event) => event.length > 0 && data);
// @ts-expect-error: the server has no such event
client.on('game_ended', () => stop());
// @ts-expect-error: questionaireId is missing
client.queue({rating: 1500});
// @ts-expect-error: a choice is an index or a text
client.send('send_answer', {roomId: 'r', questionItemId: 1, answer: true});

export const queued: Promise<MatchStatus> = client.queue({questionaireId: 'history', rating: 1500, attributes: {lang: 'ko'}});
export const cancelled: Promise<string> = client.cancel().then((answer) => answer.status);
export const scores = client.send('get_state').then(({room}) => room?.scores.map(({id, score}) => `${id}: ${score}`));
export const why = queued.catch((e: RequestError) => `${e.code} ${e.retryAfterMs ?? 0}`);
export const again = new Client('ws://127.0.0.1:4000/ws', {lastSeq: client.lastSeq, greet: recover});
