// The first screen: the player's name, and the choice of a questionnaire.

import {avatar} from './demo-avatar.js';
import {attribute, h, languageOf, say, show} from './dom.js';
import {badge} from './demo-icons.js';
import {choose, level, levels} from './demo-level.js';
import {button, heading, titleOf} from './demo-parts.js';

export function home({t, state, actions}) {
  const list = h('fieldset', {class: 'sets'}, h('legend', {class: 'unseen'}, t('questionnaires')));
  const free = h('input', {id: 'set-name', maxlength: '128', value: state.set, autocomplete: 'off', oninput: (e) => actions.pick(e.target.value.trim())});
  const unknown = h('div', {class: 'field'}, h('label', {for: 'set-name'}, t('noSets')), free);
  const loading = h('p', {class: 'muted', role: 'status'});

  const name = h('input', {
    id: 'player-name', maxlength: '24', autocomplete: 'off', spellcheck: 'false', value: actions.name(),
    onchange: (e) => {
      e.target.value = actions.rename(e.target.value);
    },
  });
  const face = h('span', {class: 'face'});
  const play = button(t('play'), () => actions.play(false), {class: 'primary large', id: 'play'});
  const bot = button(t('playBot'), () => actions.play(true), {class: 'large', id: 'play-bot'});
  const invite = button(t('invite'), actions.invite, {class: 'quiet', id: 'invite-friend'});

  // The level is chosen where the bot is called, and says of whom it is: a label would take a line of a phone.
  const bots = h('select', {id: 'bot-level', 'aria-label': t('botLevel'), onchange: (e) => choose(e.target.value)},
    ...Object.keys(levels).map((name) => h('option', {value: name, selected: name === level()}, t('botOf', t('levels')[name]))));

  const rest = h('div', {class: 'rest'},
    h('div', {class: 'who card'}, face,
      h('div', {class: 'field'}, h('label', {for: 'player-name'}, t('yourName')), name),
      button('↻', () => {
        name.value = actions.rename('');
      }, {class: 'quiet another', 'aria-label': t('anotherName'), title: t('anotherName')})),
    h('div', {class: 'actions'}, play, invite, h('div', {class: 'bot-play'}, bot, bots)),
    h('p', {class: 'muted hint'}, t('botLearns'), ' ', t('twoTabs'), ' ', h('a', {href: 'demo', target: '_blank', rel: 'noopener'}, t('newTab'))));
  const root = h('section', {class: 'home'},
    h('div', {class: 'intro'}, heading(t('choose')), h('p', {class: 'muted'}, t('chooseHint'))),
    loading, list, unknown, rest);

  let shown = null; // the list whose cards are shown
  const cards = new Map();

  const draw = (sets) => {
    cards.clear();
    list.replaceChildren(list.firstChild, ...sets.map((set, i) => {
      const waiting = h('span', {class: 'waiting'});
      const radio = h('input', {type: 'radio', name: 'set', value: set.name, id: `set-${i}`, onchange: () => actions.pick(set.name)});
      cards.set(set.name, {radio, waiting});
      return h('label', {class: 'set card', for: `set-${i}`}, radio, badge(set.name),
        h('span', {class: 'title', lang: languageOf(titleOf(t, set.title))}, titleOf(t, set.title)),
        h('span', {class: 'muted'}, t('questions', set.questions)), waiting);
    }));
  };

  return {
    root,
    update(state) {
      show(loading, !Array.isArray(state.sets));
      say(loading, t(state.sets === 'away' ? 'setsAway' : 'loading'));
      const sets = Array.isArray(state.sets) ? state.sets : [];
      show(rest, Array.isArray(state.sets)); // or it would move under the pointer
      show(list, sets.length > 0);
      show(unknown, Array.isArray(state.sets) && sets.length === 0);
      if (shown !== sets) {
        shown = sets;
        draw(sets);
      }
      for (const [set, card] of cards) {
        card.radio.checked = set === state.set;
        const queue = state.queues[set];
        say(card.waiting, queue?.paused ? t('paused') : t('waiting', queue?.waiting ?? 0));
        card.waiting.className = `waiting ${queue?.paused ? 'paused' : queue?.waiting ? 'some' : ''}`;
      }
      if (face.dataset.name !== actions.name() + state.me?.player) {
        face.dataset.name = actions.name() + state.me?.player;
        face.replaceChildren(avatar(actions.name(), state.me?.player ?? ''));
      }
      const {status, again} = state.link;
      const open = status === 'open';
      const ready = (open || status === 'connecting' && !again) && state.set !== '' && !state.busy; // a new page plays once it is connected
      attribute(play, 'disabled', !ready);
      attribute(bot, 'disabled', !ready);
      attribute(invite, 'disabled', !open || !ready);
    },
  };
}
