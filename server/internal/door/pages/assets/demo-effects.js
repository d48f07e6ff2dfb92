// Sounds, vibration and confetti. They are off if the user prefers reduced motion; sounds also if the user mutes them.

import {h} from './dom.js';
import {still} from './demo-parts.js';
import {muted} from './demo-sound.js';

const pieces = 44; // of confetti

// The notes of a sound: frequency (Hz), start and length (s).
const tunes = {
  found: [[523, 0, 0.14], [784, 0.13, 0.24]],
  ask: [[440, 0, 0.07]],
  right: [[659, 0, 0.1], [988, 0.09, 0.2]],
  wrong: [[220, 0, 0.16], [175, 0.13, 0.22]],
  tick: [[880, 0, 0.04]],
  win: [[523, 0, 0.14], [659, 0.13, 0.14], [784, 0.26, 0.14], [1047, 0.39, 0.4]],
  lose: [[392, 0, 0.18], [330, 0.17, 0.3]],
  draw: [[440, 0, 0.16], [440, 0.2, 0.2]],
};

// What a phone does, in ms of shaking and pausing.
const shakes = {found: [80], right: [35], wrong: [30, 60, 30], win: [60, 40, 60, 40, 140], lose: [120]};

let context = null;

// perform plays what belongs to a moment of the game.
export function perform(moment) {
  if (still.matches) return;
  if (navigator.userActivation?.hasBeenActive === false) return; // browsers forbid it before the first click
  if (moment in shakes) navigator.vibrate?.(shakes[moment]);
  if (!muted() && moment in tunes) play(tunes[moment]);
  if (moment === 'win') celebrate();
}

function play(tune) {
  context ??= new AudioContext();
  context.resume();
  const loudness = context.createGain();
  loudness.gain.value = 0.12;
  loudness.connect(context.destination);
  for (const [frequency, start, length] of tune) {
    const tone = context.createOscillator();
    const shape = context.createGain();
    const from = context.currentTime + start;
    tone.type = 'triangle';
    tone.frequency.value = frequency;
    shape.gain.setValueAtTime(0, from);
    shape.gain.linearRampToValueAtTime(1, from + 0.01);
    shape.gain.exponentialRampToValueAtTime(0.001, from + length);
    tone.connect(shape).connect(loudness);
    tone.start(from);
    tone.stop(from + length);
  }
}

const between = (least, most) => least + Math.random() * (most - least);

// celebrate lets confetti fall over the page. It takes no clicks and moves nothing.
function celebrate() {
  const sky = h('div', {class: 'confetti', 'aria-hidden': 'true'});
  const falls = Array.from({length: pieces}, (_, i) => {
    const piece = h('i');
    piece.style.left = `${between(0, 100)}%`;
    piece.style.backgroundColor = `hsl(${(i * 47) % 360} 85% 58%)`;
    sky.append(piece);
    return piece.animate([
      {transform: `translateY(-5vh) rotate(${between(0, 360)}deg)`, opacity: 1},
      {transform: `translate(${between(-12, 12)}vw, 105vh) rotate(${between(400, 1200)}deg)`, opacity: 0.7},
    ], {duration: between(1600, 3200), delay: between(0, 500), easing: 'cubic-bezier(.2, .6, .6, 1)', fill: 'both'}).finished;
  });
  document.body.append(sky);
  Promise.allSettled(falls).then(() => sky.remove());
}
