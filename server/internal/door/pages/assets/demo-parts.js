// Parts that several screens use.

import {h, languageOf, say} from './dom.js';

// still matches if the user prefers reduced motion: animations then move in steps.
const still = matchMedia('(prefers-reduced-motion: reduce)');

// avatar is a circle with the first letter of a name, in the player's colour. The name is beside it.
export function avatar(name, id) {
  let hash = 0;
  for (const letter of String(id)) hash = (hash * 31 + letter.codePointAt(0)) % 360;
  const circle = h('span', {class: 'avatar', 'aria-hidden': 'true'}, [...name][0] ?? '?');
  circle.style.background = `hsl(${hash} 55% 30%)`; // dark enough for white letters, with any hue
  return circle;
}

// nameTag is a player's name, which may be in another language than the page.
export function nameTag(name, ...more) {
  return h('span', {class: 'name'}, h('span', {lang: languageOf(name)}, name), ...more);
}

// seconds returns the seconds left until a time, rounded up.
export function seconds(until, now) {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

// timeBar is a bar that runs out. set(until, whole) sets its end and the length of the whole bar (ms); null stops it.
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

// heading is the heading of a screen; it gets the focus when the screen appears.
export function heading(text, properties = {}) {
  return h('h1', {tabindex: '-1', ...properties}, text);
}

// button ignores clicks while its action runs.
export function button(text, act, properties = {}) {
  return h('button', {type: 'button', onclick: act, ...properties}, text);
}

// sureButton asks for confirmation before it acts.
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
