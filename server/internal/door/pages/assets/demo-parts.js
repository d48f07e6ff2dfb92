// Parts that several screens use.

import {attribute, h, languageOf, say} from './dom.js';

// still matches if the user prefers reduced motion: animations then move in steps, and nothing celebrates.
export const still = matchMedia('(prefers-reduced-motion: reduce)');

// nameTag is a player's name, which may be in another language than the page.
export function nameTag(name, ...more) {
  return h('span', {class: 'name'}, h('bdi', {lang: languageOf(name)}, name), ...more);
}

// tell sets a text that has names in it. Each stands alone: else one that runs from right to left would reorder the text.
export function tell(element, text, names = []) {
  if (element.textContent === text) return;
  const parts = [text];
  for (const name of names.filter(Boolean)) {
    const i = parts.findIndex((part) => typeof part === 'string' && part.includes(name));
    if (i < 0) continue;
    const at = parts[i].indexOf(name);
    parts.splice(i, 1, parts[i].slice(0, at), h('bdi', {lang: languageOf(name)}, name), parts[i].slice(at + name.length));
  }
  element.replaceChildren(...parts.filter((part) => part !== ''));
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

const counting = 700; // ms that points take to count up

// counter shows points, and counts up to new ones. from is where it begins.
export function counter(from = 0) {
  const element = h('strong', {class: 'points numbers', 'data-points': from}, String(from));
  let goal = from;
  return {
    element,
    set(points, now = performance.now()) {
      if (points === goal) return;
      const before = Number(element.textContent);
      goal = points;
      attribute(element, 'data-points', points);
      if (still.matches || points < before) {
        say(element, String(points));
        return;
      }
      const step = (time) => {
        if (goal !== points) return; // newer points
        const part = Math.min(1, Math.max(0, (time - now) / counting));
        say(element, String(Math.round(before + (points - before) * (1 - (1 - part) ** 3))));
        if (part < 1 && element.isConnected) requestAnimationFrame(step);
        else say(element, String(points));
      };
      requestAnimationFrame(step);
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

// titleOf is the title of a questionnaire in the language of the page, if it is one of the built-in ones.
export const titleOf = (t, title) => (Object.hasOwn(t('titles'), title) ? t('titles')[title] : title);
