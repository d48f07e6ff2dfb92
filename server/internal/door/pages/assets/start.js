// The start page: how to call this server, and its state.

import {copies} from './copy.js';
import {say} from './dom.js';
import {language, speaker, switcher} from './language.js';
import {words} from './start-words.js';

const often = 3000; // ms between two requests to the server

const byID = (id) => document.getElementById(id);
const spoken = [...document.querySelectorAll('[data-words]')];

// The page itself holds its English texts.
for (const element of spoken) words.en[element.dataset.words] = element.textContent;

let t;
let numbers = new Intl.NumberFormat('en');
let known = {status: 'asking'}; // of the server

function speak(tag) {
  t = speaker(words, tag);
  numbers = new Intl.NumberFormat(tag);
  for (const element of spoken) say(element, t(element.dataset.words));
  for (const button of document.querySelectorAll('.copy')) say(button, t('copy'));
  byID('languages').setAttribute('aria-label', t('languages'));
  switcher(byID('languages'), tag, speak);
  draw();
}

function draw() {
  const {status, code, stats, queues} = known;
  byID('status').className = `status ${status}`;
  say(byID('status-text'), t('trouble')[code] ?? t(status));
  for (const [id, value] of Object.entries({
    waiting: stats?.waiting, matches: stats?.matches, enqueued: stats?.enqueued, queues,
  })) say(byID(id), value === undefined ? '–' : numbers.format(value));
}

async function look() {
  try {
    const [ready, stats] = await Promise.all([fetch('readyz'), fetch('v1/stats')]);
    const said = await ready.json();
    known = {...known, status: ready.ok ? 'ready' : 'notReady', code: said.code};
    if (stats.ok) {
      known.stats = await stats.json();
      known.queues = known.stats.queues;
    }
  } catch {
    known = {...known, status: 'away', code: undefined};
  }
  draw();
}

// again polls the server while the page is visible.
async function again() {
  if (!document.hidden) await look();
  setTimeout(again, often);
}

// The calls use the address of this page.
const here = new URL('.', document.baseURI).href.replace(/\/$/, '');
for (const code of document.querySelectorAll('pre code')) code.textContent = code.textContent.replaceAll('http://127.0.0.1:4000', here);

for (const button of document.querySelectorAll('.copy')) copies(button, byID(button.dataset.copies), (key) => t(key));

speak(language());
again();
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) look();
});
