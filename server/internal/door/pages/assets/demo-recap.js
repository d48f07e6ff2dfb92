// All questions of a game, with the right answers and who had them.

import {h, languageOf} from './dom.js';
import {tell} from './demo-parts.js';

export function recap(t, history, nameOf) {
  const line = (who, question, pick) => {
    const kind = pick === question.right ? 'good' : 'bad';
    const answer = pick === null ? t('noAnswerGiven') : question.choices[pick];
    const name = h('span', {class: 'muted'});
    tell(name, `${who}: `, [who]);
    return h('li', {class: kind}, name, `${kind === 'good' ? '✓' : '✗'} `, h('span', {lang: languageOf(answer)}, answer));
  };
  return h('details', {class: 'recap'}, h('summary', {}, t('recap', history.length)),
    h('ol', {}, ...history.map((question) => h('li', {class: 'card'},
      h('p', {class: 'name', lang: languageOf(question.text)}, question.text),
      h('p', {}, h('span', {class: 'muted'}, `${t('rightAnswer')}: `), h('span', {lang: languageOf(question.choices[question.right])}, question.choices[question.right])),
      h('ul', {}, line(t('me'), question, question.mine), ...question.theirs.map(({id, pick}) => line(nameOf(id), question, pick)))))));
}
