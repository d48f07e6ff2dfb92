// The dialog with the link for a friend, as text and as a QR code.

import {copies} from './copy.js';
import {h, say, show} from './dom.js';
import {linkTo} from './demo-link.js';
import {button} from './demo-parts.js';
import {playing} from './demo-state.js';

const quiet = 4; // light modules around a code, which scanners need

export function inviteDialog(dialog, t, state, name) {
  const link = h('code', {id: 'invite-link'});
  const copy = h('button', {type: 'button', class: 'primary', id: 'invite-copy', autofocus: true}, t('copy'));
  const share = button(t('share'), () => navigator.share({title: t('title'), url: link.textContent}).catch(() => {}), {id: 'invite-share'});
  const code = h('canvas', {class: 'code', role: 'img', 'aria-label': t('inviteCode')});
  const local = h('p', {class: 'warn box'}, t('inviteLocal'));
  const close = button('✕', () => dialog.close(), {class: 'quiet close', id: 'invite-close', 'aria-label': t('dismiss')});
  dialog.setAttribute('aria-labelledby', 'invite-title');
  dialog.replaceChildren(
    h('div', {class: 'top'}, h('h2', {id: 'invite-title'}, t('inviteTitle')), close),
    h('p', {class: 'muted'}, t('inviteHint')), code,
    h('p', {class: 'link-text'}, link),
    h('div', {class: 'actions'}, copy, share), local);
  copies(copy, link, (key) => t(key));
  show(share, Boolean(navigator.share));
  show(local, /^(localhost|127\.|\[::1\])/.test(location.hostname));

  const draw = async () => {
    const {generate} = await import('./lean-qr.js'); // few need it
    generate(link.textContent).toCanvas(code, {on: [0, 0, 0], off: [255, 255, 255], pad: quiet});
  };
  return {
    open() {
      say(link, linkTo(state.me.player, name(), state.set));
      state.sharing = true; // the friend of this link need not be accepted by hand
      draw();
      dialog.showModal();
    },
    update() {
      if (dialog.open && (playing(state) || state.proposed)) dialog.close();
    },
  };
}
