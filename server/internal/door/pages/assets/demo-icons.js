// Line icons, drawn here: they need no file and take the colour of the text.

import {h} from './dom.js';
import {hueOf} from './demo-avatar.js';

const space = 'http://www.w3.org/2000/svg';

const lines = {
  geography: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M3 12h18', 'M12 3c4 4 4 14 0 18c-4-4-4-14 0-18'],
  history: ['M7 3h10M7 21h10', 'M8 3v4l4 5l4-5V3', 'M8 21v-4l4-5l4 5v4'],
  korea: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M3 12a4.5 4.5 0 0 1 9 0a4.5 4.5 0 0 0 9 0'],
  music: ['M9 18V6l11-2v12', 'M9 18a3 3 0 1 1-6 0a3 3 0 1 1 6 0', 'M20 16a3 3 0 1 1-6 0a3 3 0 1 1 6 0'],
  science: ['M9 3h6', 'M10 3v6l-6 10q-.6 2 1.4 2h13.2q2 0 1.4-2l-6-10V3', 'M7 15h10'],
  quiz: ['M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18', 'M9.5 9.5a2.6 2.6 0 1 1 3.6 2.4q-1.1.5-1.1 2', 'M12 17v.1'],
  sound: ['M4 9v6h4l5 4V5L8 9z', 'M16.5 9a4.5 4.5 0 0 1 0 6', 'M19 6.5a8.5 8.5 0 0 1 0 11'],
  muted: ['M4 9v6h4l5 4V5L8 9z', 'M16.5 9.5l5 5M21.5 9.5l-5 5'],
  trophy: ['M8 3h8v7a4 4 0 0 1-8 0z', 'M8 5H4q0 5 4 5.5M16 5h4q0 5-4 5.5', 'M12 14v4M8 21h8M9.5 21q0-3 2.5-3t2.5 3'],
  friend: ['M9 5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7', 'M2.5 20q0-6 6.5-6q4 0 5.5 2.5', 'M18 13v8M14 17h8'],
  bell: ['M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15z', 'M10 21.5q2 1 4 0'],
};

// icon is a picture that says nothing: the words are beside it.
export function icon(name) {
  const svg = document.createElementNS(space, 'svg');
  for (const [key, value] of Object.entries({viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', focusable: 'false'})) svg.setAttribute(key, value);
  for (const line of lines[name]) {
    const path = document.createElementNS(space, 'path');
    path.setAttribute('d', line);
    svg.append(path);
  }
  return svg;
}

const hues = {geography: 205, history: 32, korea: 350, music: 282, science: 150};

// badge is the icon of a questionnaire in its colour; one that the page does not know has a colour by its name.
export function badge(set) {
  const element = h('span', {class: 'badge', 'aria-hidden': 'true'}, icon(Object.hasOwn(hues, set) ? set : 'quiz'));
  element.style.setProperty('--hue', Object.hasOwn(hues, set) ? hues[set] : hueOf(set));
  return element;
}
