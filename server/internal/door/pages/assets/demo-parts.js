// Parts that several screens have.

import {h, languageOf, say} from './dom.js';

// still matches for people who want as little motion as possible: what moves on its own goes in steps.
const still = matchMedia('(prefers-reduced-motion: reduce)');

// avatar is a circle with the first letter of a name, in a colour that belongs to the player. The name stands beside it.
export function avatar(name, id) {
  let hash = 0;
  for (const letter of String(id)) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  const circle = h('span', {class: 'avatar', 'aria-hidden': 'true'}, [...name][0] ?? '?');
  circle.style.background = `hsl(${hash} 55% 30%)`; // dark enough for white letters, whatever the hue
  return circle;
}

// nameTag is a player's name, which may be in another language than the page.
export function nameTag(name, ...more) {
  return h('span', {class: 'name'}, h('span', {lang: languageOf(name)}, name), ...more);
}

// seconds is how many are left until a time, as people count down.
export function seconds(until, now) {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

// timeBar is a bar that runs out. set(until, whole) tells it when, and how long the whole bar is (ms); null stops it.
export function timeBar(label) {
  const fill = h('span', {class: 'fill'});
  const left = h('span', {class: 'left numbers'});
  const root = h('div', {class: 'time', role: 'timer', 'aria-label': label}, h('span', {class: 'bar'}, fill), left);
  let run = null;
  let known = null;
  return {
    root,
    set(until, whole, now) {
      root.classList.toggle('idle', until === null);
      say(left, until === null ? '' : String(seconds(until, now)));
      root.classList.toggle('short', until !== null && until - now < 3500);
      const part = until === null ? 1 : Math.min(1, Math.max(0, (until - now) / whole));
      if (still.matches) fill.style.transform = `scaleX(${part})`;
      if (until === known) return;
      known = until;
      run?.cancel();
      run = null;
      if (until === null || still.matches) return;
      run = fill.animate([{transform: `scaleX(${part})`}, {transform: 'scaleX(0)'}], {duration: Math.max(0, until - now), fill: 'forwards'});
    },
  };
}

// heading is that of a screen, which gets the focus when the screen comes.
export function heading(text, properties = {}) {
  return h('h1', {tabindex: '-1', ...properties}, text);
}

// button is one that does something once at a time.
export function button(text, act, properties = {}) {
  return h('button', {type: 'button', onclick: act, ...properties}, text);
}

// sureButton asks a second time before it acts.
export function sureButton(text, sure, act) {
  let asked = 0;
  const element = button(text, () => {
    if (asked) {
      act();
      return;
    }
    say(element, sure);
    element.classList.add('danger');
    asked = setTimeout(() => {
      asked = 0;
      say(element, text);
      element.classList.remove('danger');
    }, 4000);
  }, {class: 'quiet'});
  return element;
}
