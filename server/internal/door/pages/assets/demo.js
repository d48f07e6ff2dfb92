// The quiz: draws the screen of the state on each change.

import {language, speaker, switcher} from './language.js';
import {say} from './dom.js';
import {actionsOf} from './demo-actions.js';
import {frame, wordOf} from './demo-frame.js';
import {game} from './demo-game.js';
import {home} from './demo-home.js';
import {loadSets, watchQueues} from './demo-news.js';
import {Player} from './demo-player.js';
import {result, stopped} from './demo-result.js';
import {nameOf, screen} from './demo-state.js';
import {match, proposed, queue} from './demo-waiting.js';
import {words} from './demo-words.js';

const screens = {home, queue, proposed, match, game, result, stopped};
const titles = {home: 'choose', queue: 'queued', proposed: 'proposed', match: 'matched', game: 'getReady'};
const often = 250; // ms between two updates of times

const place = document.getElementById('screen');
let tag = language();
let t = speaker(words, tag);

const any = (list) => list[Math.floor(Math.random() * list.length)];
const randomName = () => t('names').map(any).join(' ');

const player = new Player({
  randomName, botName: () => t('botName'), changed: draw,
  opened: () => actions.goOn(),
});
const {state} = player;
const actions = {...actionsOf(player), word: (notice) => wordOf(t, notice)};

let drawFrame;
let shown = {key: '', update() {}};

function draw() {
  const now = performance.now();
  const name = screen(state);
  const key = JSON.stringify([tag, name, state.match?.room, state.result?.room, name === 'stopped' && state.link.status]);
  if (key !== shown.key) {
    const first = shown.key === '';
    shown = {...screens[name]({t, state, actions}), key, name};
    place.replaceChildren(shown.root);
    shown.update(state, now);
    if (!first) {
      window.scrollTo(0, 0);
      (shown.focus ?? shown.root.querySelector('h1')).focus({preventScroll: true});
    }
  }
  shown.update(state, now);
  drawFrame(now);
  const title = name === 'result' ? t(state.result.outcome) : titles[name] ? t(titles[name]) : '';
  const wanted = title && name !== 'home' ? `${title} · matchq` : t('title');
  if (document.title !== wanted) document.title = wanted;
  say(document.getElementById('me'), state.me && name !== 'home' ? t('you', nameOf(state, state.me.player)) : '');
}

function speak(chosen) {
  tag = chosen;
  t = speaker(words, tag);
  drawFrame = frame(t, state, actions);
  switcher(document.getElementById('languages'), tag, speak);
  draw();
}

speak(tag);
loadSets(state, () => {
  if (!state.set && Array.isArray(state.sets)) {
    const usual = tag === 'ko' ? 'korea' : 'history';
    state.set = (state.sets.find(({name}) => name === usual) ?? state.sets[0])?.name ?? '';
  }
  player.changed();
});
watchQueues(state, () => screen(state), () => player.changed());

setInterval(() => {
  const {match: current} = state;
  if (current && !current.started && current.startAt !== null && performance.now() >= current.startAt && state.link.status === 'open') {
    actions.start();
  }
  draw();
}, often);

document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (/^[1-9]$/.test(event.key) && !typing && !event.repeat && !event.ctrlKey && !event.altKey && !event.metaKey) {
    actions.answer(Number(event.key) - 1);
  }
});
window.addEventListener('pagehide', () => player.sleep());
window.addEventListener('pageshow', (event) => {
  if (event.persisted) player.rise();
});
window.addEventListener('online', () => player.wake());
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) player.wake();
});
