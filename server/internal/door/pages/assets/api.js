// The page of the API. It is complete without scripts; they add the search and the language.

import {words} from './api-words.js';
import {say, show} from './dom.js';
import {language, speaker, switcher} from './language.js';

const byID = (id) => document.getElementById(id);
const spoken = [...document.querySelectorAll('[data-words]')];
const items = [...document.querySelectorAll('.item')].map((element) => ({element, text: element.textContent.toLowerCase()}));
const groups = [...document.querySelectorAll('.group')];

// The page itself holds its English texts.
for (const element of spoken) words.en[element.dataset.words] = element.textContent;

let t;

function speak(tag) {
  t = speaker(words, tag);
  document.title = t('page');
  for (const element of spoken) say(element, t(element.dataset.words));
  byID('home').setAttribute('aria-label', t('home'));
  byID('languages').setAttribute('aria-label', t('languages'));
  switcher(byID('languages'), tag, speak);
  find();
}

// find shows the items that have all words of the search.
function find() {
  const wanted = byID('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const {element, text} of items) {
    const has = wanted.every((word) => text.includes(word));
    count += has;
    show(element, has);
  }
  for (const group of groups) show(group, group.querySelector('.item:not([hidden])') !== null);
  say(byID('found'), wanted.length ? t('found', count) : '');
}

// open opens the item that a link leads to.
function open() {
  const item = byID(decodeURIComponent(location.hash.slice(1)));
  if (!item?.matches('.item')) return;
  if (item.hidden) {
    byID('filter').value = '';
    find();
  }
  item.open = true;
  item.scrollIntoView();
}

byID('filter').addEventListener('input', find);
window.addEventListener('hashchange', open);
speak(language());
open();
