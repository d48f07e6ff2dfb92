// The pictures of players: the first letter of the name on the player's colour and pattern.

import {h} from './dom.js';
import {letters} from './demo-names.js';

const apart = 50; // degrees of hue between two players of a match, at least
const patterns = 4; // classes of demo.css

function hashOf(text) {
  let hash = 7;
  for (const letter of String(text)) hash = (hash * 31 + letter.codePointAt(0)) % 1_000_003;
  return hash;
}

// hueOf returns a hue from a text, in degrees.
export function hueOf(text) {
  return hashOf(text) % 360;
}

// lookOf returns a player's hue and pattern. Those of the players before it in a match stay its own: a player looks
// different from all of them.
export function lookOf(id, before = []) {
  const others = before.map((other, i) => lookOf(other, before.slice(0, i)));
  let hue = hueOf(id);
  let pattern = (hashOf(id) >> 3) % patterns;
  const near = (other) => Math.min(Math.abs(other.hue - hue), 360 - Math.abs(other.hue - hue)) < apart;
  for (let tries = 0; tries < 6 && others.some(near); tries++) hue = (hue + apart + 10) % 360;
  for (let tries = 0; tries < patterns && others.some((other) => other.pattern === pattern); tries++) pattern = (pattern + 1) % patterns;
  return {hue, pattern};
}

// avatar is a player's picture; the name is beside it. before has the players that it must differ from.
export function avatar(name, id, before = []) {
  const {hue, pattern} = lookOf(id, before);
  const circle = h('span', {class: `avatar pattern-${pattern}`, 'aria-hidden': 'true'}, letters(name)[0] ?? '?');
  circle.style.backgroundColor = `hsl(${hue} 55% 30%)`; // dark enough for white letters, with any hue
  return circle;
}
