// What the first screen does not need. It is loaded after that screen is there, so that players see it sooner.

export {Bot} from './demo-bot.js';
export {perform} from './demo-effects.js';
export {game} from './demo-game.js';
export {inviteDialog} from './demo-invite.js';
export {join} from './demo-join.js';
export {joinOf} from './demo-link.js';
export {momentOf} from './demo-moments.js';
export {askLeave, canAsk, notify} from './demo-notice.js';
export {result, stopped} from './demo-result.js';
export {soundButton} from './demo-sound.js';
export {match, proposed, queue} from './demo-waiting.js';

// styled resolves when the styles of these screens are there.
export const styled = new Promise((done) => {
  const link = document.createElement('link');
  link.rel = 'stylesheet';
  link.href = new URL('demo-game.css', import.meta.url);
  link.onload = link.onerror = done;
  document.head.append(link);
});
