// The screen of a paced game. Nothing on it moves while a question is open or closed: what comes and goes has its place.

import {avatar} from './demo-avatar.js';
import {attribute, h, languageOf, say, show} from './dom.js';
import {scoreboard} from './demo-board.js';
import {heading, seconds, sureButton, tell, timeBar} from './demo-parts.js';
import {countsDouble, streakOf} from './demo-score.js';
import {nameOf} from './demo-state.js';

const worthNaming = 2; // right answers in a row

export function game({t, state, actions}) {
  const mine = state.me?.player;
  const board = scoreboard(t, state, mine);
  const progress = h('p', {class: 'progress numbers'});
  const bar = timeBar(t('timeLeft'));
  const text = heading('', {class: 'question'});
  const news = h('p', {class: 'unseen news', role: 'status'});
  const choices = h('div', {class: 'choices', role: 'group', 'aria-label': t('choices')});
  const status = h('p', {class: 'verdict', role: 'status'});
  const awayText = h('span', {role: 'status'});
  const awayLeft = h('span', {class: 'count', 'aria-hidden': 'true'});
  const away = h('div', {class: 'away warn box'}, awayText, awayLeft);
  const number = h('p', {class: 'number', 'aria-hidden': 'true'});
  const keys = h('span', {class: 'muted keys'});
  const root = h('section', {class: 'game'},
    board.root, h('div', {class: 'clock'}, progress, bar.root), away,
    text, news, number, choices, status,
    h('div', {class: 'foot'}, keys, sureButton(t('giveUp'), t('giveUpSure'), actions.giveUp)));

  let shown = null; // the question whose choices are shown
  let buttons = [];

  const ask = ({question, index, of}) => {
    shown = question.id;
    buttons = question.choices.map((choice, i) => choiceButton(choice, i, actions));
    choices.replaceChildren(...buttons.map(({element}) => element));
    say(text, question.text);
    attribute(text, 'lang', languageOf(question.text));
    // The heading may have the focus already, and is then not read again.
    say(news, [numbered(t, {index, of}), question.text, ...question.choices.map((choice, i) => `${i + 1}: ${choice}`)].join('. '));
    attribute(news, 'lang', languageOf(question.text));
    text.focus({preventScroll: true});
  };

  return {
    root,
    update(state, now) {
      const {game: current} = state;
      board.update(state);
      const awayNames = state.match.players.filter((id) => id !== mine).map((id) => nameOf(state, id));
      show(away, state.match.away);
      tell(awayText, state.match.away ? t('away', awayNames.join(', ')) : '', awayNames);
      say(awayLeft, current.awayUntil > now ? t('seconds', seconds(current.awayUntil, now)) : '');
      const asked = current.phase === 'question' || current.phase === 'closed';
      const {question} = current;
      say(progress, current.of && question ? numbered(t, current) : '');
      bar.set(current.phase === 'question' ? current.closesAt : null, current.wholeMs, now);
      if (asked && question) {
        if (question.id !== shown) ask(current);
        drawChoices(t, state, buttons);
      } else {
        shown = null;
        if (choices.contains(document.activeElement)) text.focus({preventScroll: true});
        choices.replaceChildren();
        attribute(text, 'lang', null);
        say(text, current.phase === 'between' ? t('nextQuestion') : t('getReady'));
      }
      show(keys, asked && Boolean(question));
      say(keys, question ? t('keys', question.choices.length) : '');
      tell(status, verdict(t, state, mine), awayNames);
      status.className = `verdict ${verdictKind(current)}`;
      root.classList.toggle('counting', !asked);
      show(number, current.phase === 'countdown' && current.startsAt !== null);
      say(number, String(Math.max(1, seconds(current.startsAt ?? now, now))));
    },
  };
}

// numbered says which question this is, and whether it counts double.
function numbered(t, {index, of}) {
  return t('question', index + 1, of) + (countsDouble({index, of}) ? ` · ${t('countsDouble')}` : '');
}

// choiceButton is a choice, with places for its mark and for the players who picked it.
function choiceButton(choice, i, actions) {
  const mark = h('span', {class: 'mark'});
  const picks = h('span', {class: 'picks'});
  const element = h('button', {type: 'button', class: 'choice', onclick: () => actions.answer(i)},
    h('kbd', {'aria-hidden': 'true'}, String(i + 1)), h('span', {class: 'text', lang: languageOf(choice)}, choice), mark, picks);
  return {element, mark, picks};
}

function drawChoices(t, state, buttons) {
  const {me, match, game: current} = state;
  const open = current.phase === 'question' && current.mine === null;
  const players = [me?.player, ...match.players.filter((id) => id !== me?.player)];
  const theirs = current.right === null ? [] : current.history.find(({id}) => id === current.question.id)?.theirs ?? [];
  buttons.forEach(({element, mark, picks}, i) => {
    const isMine = current.mine === i;
    const isRight = current.right === i;
    attribute(element, 'aria-disabled', String(!open)); // a disabled button would lose the focus
    attribute(element, 'aria-pressed', String(isMine));
    element.classList.toggle('mine', isMine);
    element.classList.toggle('right', isRight);
    element.classList.toggle('wrong', isMine && current.right !== null && !isRight);
    const pickers = theirs.filter(({pick}) => pick === i).map(({id}) => id);
    const nameOfThem = (id) => nameOf(state, id);
    tell(mark, [
      isRight ? `✓ ${t('rightAnswer')}` : '',
      isMine ? `${current.right !== null && !isRight ? '✗ ' : ''}${t('yourAnswer')}` : '',
      ...pickers.map((id) => t('theirAnswer', nameOfThem(id))),
    ].filter(Boolean).join(' · '), pickers.map(nameOfThem));
    const shown = [...(isMine ? [me.player] : []), ...pickers];
    if (picks.dataset.shown === shown.join(' ')) return;
    picks.dataset.shown = shown.join(' ');
    picks.replaceChildren(...shown.map((id) => avatar(nameOfThem(id), id, players.slice(0, players.indexOf(id)))));
  });
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
  const answer = current.right === null ? '' : ` · ${t('theRightOne', current.question.choices[current.right])}`;
  if (current.mine === null) return t('missed') + answer;
  if (current.mine !== current.right) return t('wrong') + answer;
  const streak = streakOf(current);
  return t('right', current.gains[mine] ?? 0) + (streak >= worthNaming ? ` · ${t('streak', streak)}` : '');
}

function verdictKind(current) {
  if (current.phase !== 'closed') return '';
  return current.mine !== null && current.mine === current.right ? 'good' : 'bad';
}
