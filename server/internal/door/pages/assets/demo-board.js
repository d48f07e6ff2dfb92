// The players of a game, with their points and what they do.

import {avatar} from './demo-avatar.js';
import {attribute, h, say} from './dom.js';
import {counter, nameTag} from './demo-parts.js';
import {nameOf} from './demo-state.js';

export function scoreboard(t, state, mine) {
  const players = [mine, ...state.match.players.filter((id) => id !== mine)];
  const sides = players.map((id, i) => {
    const points = counter(state.game?.scores[id] ?? 0);
    const gain = h('span', {class: 'gain numbers', 'aria-hidden': 'true'});
    const does = h('span', {class: 'does'});
    const element = h('li', {class: id === mine ? 'side mine' : 'side'}, avatar(nameOf(state, id), id, players.slice(0, i)),
      nameTag(nameOf(state, id)), does, h('span', {class: 'score'}, gain, points.element));
    return {id, points, gain, does, element};
  });
  return {
    root: h('ul', {class: 'board'}, ...sides.map(({element}) => element)),
    update({game: current}) {
      for (const {id, points, gain, does, element} of sides) {
        const score = current.scores[id] ?? 0;
        const gained = current.phase === 'closed' ? current.gains[id] ?? 0 : 0;
        points.set(score);
        attribute(points.element, 'aria-label', t('points', score));
        say(gain, gained ? t('gained', gained) : '');
        element.classList.toggle('answered', Boolean(current.answered[id]) && current.phase === 'question');
        say(does, doing(t, current, id, id === mine));
      }
    },
  };
}

// doing returns what a player does, or did in the question that is closed.
function doing(t, current, id, isMine) {
  const answered = Boolean(current.answered[id]);
  if (current.phase === 'question') return t(answered ? 'hasAnswered' : isMine ? 'yourTurn' : 'thinks');
  if (isMine || current.phase !== 'closed') return isMine ? t('me') : '';
  if (current.gains[id] > 0) return `✓ ${t('wasRight')}`;
  return answered ? `✗ ${t('wasWrong')}` : t('wasSilent');
}
