// The parts around the screens: the connection, notices and invitations.

import {h, say, show} from './dom.js';
import {button, seconds, tell} from './demo-parts.js';
import {nameOf, playing} from './demo-state.js';

const slow = 600; // ms until the page shows that it connects
const backFor = 2500; // ms that the page shows that the connection is back

export function frame(t, state, actions) {
  const link = h('span', {role: 'status'});
  const linkLeft = h('span', {class: 'count', 'aria-hidden': 'true'}); // not read out: it changes each second
  const tryNow = button('', actions.tryNow, {class: 'quiet', id: 'try-now'});
  const notice = h('span', {role: 'status'});
  const noticeLeft = h('span', {class: 'count', 'aria-hidden': 'true'});
  const dismiss = button('✕', actions.dismiss, {class: 'quiet', id: 'dismiss'});
  document.getElementById('link').replaceChildren(link, linkLeft, tryNow);
  document.getElementById('notice').replaceChildren(notice, noticeLeft, dismiss);
  const invitations = document.getElementById('invitations');
  let invited = '';

  document.getElementById('home').setAttribute('aria-label', t('home'));
  document.getElementById('languages').setAttribute('aria-label', t('languages'));
  say(tryNow, t('link').tryNow);
  dismiss.setAttribute('aria-label', t('dismiss'));
  invitations.replaceChildren();

  const drawInvitations = () => {
    const wanted = JSON.stringify([state.invitations, playing(state)]);
    if (wanted === invited) return;
    invited = wanted;
    const titleOf = (name) => {
      const title = h('strong');
      tell(title, t('invitation', name), [name]);
      return title;
    };
    invitations.replaceChildren(...state.invitations.map((invitation) => h('div', {class: 'invitation card'},
      h('p', {}, titleOf(nameOf(state, invitation.from)), playing(state) ? ` ${t('invitationForfeits')}` : null),
      h('div', {class: 'actions'},
        button(t('accept'), () => actions.acceptInvitation(invitation), {class: 'primary accept'}),
        button(t('decline'), () => actions.declineInvitation(invitation), {class: 'decline'})))));
  };

  return (now) => {
    const {status, since, until, reason, again} = state.link;
    const back = status === 'open' && state.backAt !== null && now - state.backAt < backFor;
    const box = document.getElementById('link');
    const away = status === 'away' || status === 'connecting' && again;
    show(box, away || back || status === 'connecting' && now - since > slow);
    document.body.dataset.link = status;
    box.className = away ? 'warn box' : back ? 'good box' : 'box';
    say(link, t('link')[back ? 'back' : !away ? 'connecting' : reason === 'rateLimited' ? reason : 'away']);
    say(linkLeft, status === 'away' ? t('seconds', seconds(until, now)) : '');
    show(tryNow, status === 'away');

    show(document.getElementById('notice'), state.notice !== null);
    tell(notice, state.notice ? wordOf(t, state.notice) : '', [state.notice?.name]);
    say(noticeLeft, state.notice?.until > now ? t('seconds', seconds(state.notice.until, now)) : '');
    drawInvitations();
  };
}

// wordOf returns the text of a notice.
export function wordOf(t, notice) {
  const all = t('notices');
  return (all[notice.key] ?? all.other)(notice);
}
