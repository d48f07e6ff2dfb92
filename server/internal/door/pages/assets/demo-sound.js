// Whether the user mutes the sounds, and the button for that. Without motion there are none.

import {icon} from './demo-icons.js';
import {still} from './demo-parts.js';
import {attribute, show} from './dom.js';

const place = 'matchq-muted';

export function muted() {
  try {
    return localStorage.getItem(place) === 'true';
  } catch {
    return false; // storage can be forbidden
  }
}

function mute(on) {
  try {
    localStorage.setItem(place, String(on));
  } catch {
    // then a reload forgets it
  }
}

// soundButton makes a button mute the sounds. It returns a function that draws it, with its label.
export function soundButton(button) {
  let said = '';
  const draw = (label = said) => {
    said = label;
    show(button, !still.matches);
    attribute(button, 'aria-pressed', String(!muted()));
    attribute(button, 'aria-label', said);
    button.replaceChildren(icon(muted() ? 'muted' : 'sound'));
  };
  button.addEventListener('click', () => {
    mute(!muted());
    draw();
  });
  still.addEventListener('change', () => draw());
  return draw;
}
