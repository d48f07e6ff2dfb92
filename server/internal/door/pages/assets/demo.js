// The quiz: draws the screen of the state on each change.

import {language, speaker, switcher} from './language.js';
import {actionsOf} from './demo-actions.js';
import {frame, wordOf} from './demo-frame.js';
import {home} from './demo-home.js';
import {loadSets, watchQueues} from './demo-news.js';
import {tell} from './demo-parts.js';
import {Player} from './demo-player.js';
import {nameOf, screen} from './demo-state.js';
import {words} from './demo-words.js';

let later = null; // the module of what the first screen does not need
const screens = {home};
const titles = {home: 'choose', join: 'invite', queue: 'queued', proposed: 'proposed', match: 'matched', game: 'getReady'};
const often = 250; // ms between two updates of times

const place = document.getElementById('screen');
let tag = language();
let t = speaker(words, tag);

const any = (list) => list[Math.floor(Math.random() * list.length)];
const randomName = () => t('names').map(any).join(' ');

const player = new Player({
  randomName, botName: () => t('botName'), changed: draw,
  opened: () => actions.goOn(), bot: async () => (await loadLater()).Bot,
  heard: (event) => {
    if (event !== 'request_game_match_to_friend') return;
    for (const {from} of state.invitations) if (state.sharing) state.names[from] ??= t('friend');
    actions.welcome();
  },
});
const {state} = player;
const actions = {
  ...actionsOf(player), word: (notice) => wordOf(t, notice),
  invite: async () => {
    await loadLater();
    dialog.open();
  },
  canAsk: () => later.canAsk(),
  notify: async () => {
    await later.askLeave();
    draw();
  },
};

let dialog;
let drawSound;
let moment = null; // the key of the last one

let drawFrame;
let shown = {key: '', update() {}};

function draw() {
  const now = performance.now();
  const name = screen(state);
  if (name !== 'home' || state.link.status !== 'connecting') loadLater();
  if (!screens[name]) { // it is drawn when it is loaded
    drawFrame(now);
    return;
  }
  const key = JSON.stringify([tag, name, state.proposed?.id, state.match?.room, state.result?.room, name === 'stopped' && state.link.status]);
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
  dialog?.update();
  keepFocus();
  accompany(name, now);
  const title = name === 'result' ? t(state.result.outcome) : titles[name] ? t(titles[name]) : '';
  const wanted = title && name !== 'home' ? `${title} · matchq` : t('title');
  if (document.title !== wanted) document.title = wanted;
  const me = state.me && name !== 'home' ? nameOf(state, state.me.player) : '';
  tell(document.getElementById('me'), me && t('you', me), [me]);
}

let focused = null; // the last one

// keepFocus moves the focus of a control that is gone to the heading: a screen reader would start at the top of the page.
function keepFocus() {
  if (document.activeElement !== document.body || !focused || focused.isConnected && focused.checkVisibility()) return;
  focused = null;
  shown.root.querySelector('h1').focus({preventScroll: true});
}

// accompany plays the effects of a moment once. Those of the first drawing were there before a reload.
function accompany(name, now) {
  if (!later) return;
  const [what, key] = later.momentOf(state, name, now);
  if (key === moment) return;
  if (moment !== null && what) {
    later.perform(what);
    if (what === 'found') later.notify(t(titles[name]), t('notifyBody'));
  }
  moment = key;
}

let loading = null;

// loadLater loads the rest once, however long that takes.
function loadLater() {
  return loading ??= (async () => {
    let module;
    while (!module) {
      try {
        module = await import('./demo-later.js');
        await module.styled;
      } catch {
        await new Promise((done) => setTimeout(done, often));
      }
    }
    const {game, join, match, proposed, queue, result, stopped} = module;
    Object.assign(screens, {game, join, match, proposed, queue, result, stopped});
    drawSound = module.soundButton(document.getElementById('sound'));
    later = module;
    speakLater();
    player.bringBot();
    takeLink();
    window.addEventListener('hashchange', takeLink);
    draw();
    return module;
  })();
}

// speakLater sets the language of what is loaded later.
function speakLater() {
  if (!later) return;
  dialog = later.inviteDialog(document.getElementById('invite'), t, state, () => player.name);
  drawSound(t('sound'));
}

function speak(chosen) {
  tag = chosen;
  t = speaker(words, tag);
  drawFrame = frame(t, state, actions);
  speakLater();
  switcher(document.getElementById('languages'), tag, speak);
  draw();
}

// A link that invites here replaces what this tab did, but for a game.
function takeLink() {
  const link = later.joinOf(location.hash);
  if (!link) return;
  history.replaceState(null, '', location.pathname + location.search);
  if (state.match && !state.result || link.to === state.me?.player) {
    state.notice = {key: state.match ? 'joinBusy' : 'joinSelf'};
    return;
  }
  player.join(link);
}

if (location.hash) loadLater();
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
  if (state.join?.askAt != null && performance.now() >= state.join.askAt) actions.askFriend();
  draw();
}, often);

document.addEventListener('focusin', ({target}) => {
  focused = target;
});
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
