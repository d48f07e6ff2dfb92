// The screen of a paced game.

import {attribute, h, languageOf, say, show} from './dom.js';
import {avatar, heading, nameTag, seconds, sureButton, timeBar} from './demo-parts.js';
import {nameOf} from './demo-state.js';

export function game({t, state, actions}) {
  const mine = state.me?.player;
  const board = scoreboard(t, state, mine);
  const progress = h('p', {class: 'progress numbers'});
  const bar = timeBar(t('timeLeft'));
  const text = heading('', {class: 'question'});
  const choices = h('div', {class: 'choices', role: 'group', 'aria-label': t('choices')});
  const status = h('p', {class: 'verdict', role: 'status'});
  const awayText = h('span', {role: 'status'});
  const awayLeft = h('span', {class: 'count', 'aria-hidden': 'true'});
  const away = h('div', {class: 'warn box'}, awayText, awayLeft);
  const number = h('p', {class: 'number', 'aria-hidden': 'true'});
  const keys = h('span', {class: 'muted keys'});
  const root = h('section', {class: 'game'},
    board.root, h('div', {class: 'clock'}, progress, bar.root), away,
    text, number, choices, status,
    h('div', {class: 'foot'}, keys, sureButton(t('giveUp'), t('giveUpSure'), actions.giveUp)));

  let shown = null; // the question whose choices are shown
  let buttons = [];

  const ask = (question) => {
    shown = question.id;
    buttons = question.choices.map((choice, i) => {
      const mark = h('span', {class: 'mark'});
      const element = h('button', {type: 'button', class: 'choice', onclick: () => actions.answer(i)},
        h('kbd', {'aria-hidden': 'true'}, String(i + 1)), h('span', {class: 'both'}, h('span', {lang: languageOf(choice)}, choice), mark));
      return {element, mark};
    });
    choices.replaceChildren(...buttons.map(({element}) => element));
    text.focus({preventScroll: true});
  };

  const drawChoices = (current) => {
    const open = current.phase === 'question' && current.mine === null;
    buttons.forEach(({element, mark}, i) => {
      const isMine = current.mine === i;
      const isRight = current.right === i;
      attribute(element, 'aria-disabled', String(!open)); // a disabled button would lose the focus
      attribute(element, 'aria-pressed', String(isMine));
      element.classList.toggle('mine', isMine);
      element.classList.toggle('right', isRight);
      element.classList.toggle('wrong', isMine && current.right !== null && !isRight);
      say(mark, [isRight ? `✓ ${t('rightAnswer')}` : '', isMine ? `${current.right !== null && !isRight ? '✗ ' : ''}${t('yourAnswer')}` : ''].filter(Boolean).join(' · '));
    });
  };

  return {
    root,
    update(state, now) {
      const {game: current} = state;
      board.update(state);
      show(away, state.match.away);
      say(awayText, state.match.away ? t('away', state.match.players.filter((id) => id !== mine).map((id) => nameOf(state, id)).join(', ')) : '');
      say(awayLeft, current.awayUntil > now ? t('seconds', seconds(current.awayUntil, now)) : '');
      const asked = current.phase === 'question' || current.phase === 'closed';
      const {question} = current;
      say(progress, current.of && question ? t('question', current.index + 1, current.of) : '');
      bar.set(current.phase === 'question' ? current.closesAt : null, current.wholeMs, now);
      if (asked && question) {
        if (question.id !== shown) ask(question);
        say(text, question.text);
        attribute(text, 'lang', languageOf(question.text));
        drawChoices(current);
      } else {
        shown = null;
        if (choices.contains(document.activeElement)) text.focus({preventScroll: true});
        choices.replaceChildren();
        attribute(text, 'lang', null);
        say(text, current.phase === 'between' ? t('nextQuestion') : t('getReady'));
      }
      show(keys, asked && Boolean(question));
      say(keys, question ? t('keys', question.choices.length) : '');
      say(status, verdict(t, state, mine));
      status.className = `verdict ${verdictKind(current)}`;
      root.classList.toggle('counting', !asked);
      show(number, current.phase === 'countdown' && current.startsAt !== null);
      say(number, String(Math.max(1, seconds(current.startsAt ?? now, now))));
    },
  };
}

// verdict returns our result of the question so far.
function verdict(t, state, mine) {
  const {game: current} = state;
  if (current.phase === 'countdown') return t('firstComes');
  if (current.phase === 'question' && current.late) return t('tooLate');
  if (current.phase === 'question' && current.mine !== null) {
    const slow = state.match.players.filter((id) => id !== mine && !current.answered[id]);
    return slow.length ? t('waitingFor', slow.map((id) => nameOf(state, id)).join(', ')) : '';
  }
  if (current.phase !== 'closed') return '';
  if (current.mine === null) return t('missed');
  return current.mine === current.right ? t('right', current.gains[mine] ?? 0) : t('wrong');
}

function verdictKind(current) {
  if (current.phase !== 'closed') return '';
  return current.mine !== null && current.mine === current.right ? 'good' : 'bad';
}

// scoreboard shows all players with their points and whether they have answered.
function scoreboard(t, state, mine) {
  const sides = [mine, ...state.match.players.filter((id) => id !== mine)].map((id) => {
    const points = h('strong', {class: 'points numbers'});
    const gain = h('span', {class: 'gain numbers', 'aria-hidden': 'true'});
    const does = h('span', {class: 'does'});
    const element = h('li', {class: id === mine ? 'side mine' : 'side'}, avatar(nameOf(state, id), id),
      h('span', {class: 'about'}, nameTag(nameOf(state, id)), does), h('span', {class: 'score'}, gain, points));
    return {id, points, gain, does, element};
  });
  return {
    root: h('ul', {class: 'board'}, ...sides.map(({element}) => element)),
    update({game: current}) {
      for (const {id, points, gain, does, element} of sides) {
        const answered = Boolean(current.answered[id]);
        const score = current.scores[id] ?? 0;
        const gained = current.phase === 'closed' ? current.gains[id] ?? 0 : 0;
        say(points, String(score));
        attribute(points, 'aria-label', t('points', score));
        say(gain, gained ? t('gained', gained) : '');
        element.classList.toggle('answered', answered && current.phase === 'question');
        const thinks = id === mine ? 'yourTurn' : 'thinks';
        say(does, current.phase === 'question' ? (answered ? `✓ ${t('hasAnswered')}` : t(thinks)) : id === mine ? t('me') : '');
      }
    },
  };
}
