// A button that copies what stands beside it.

import {say} from './dom.js';

const shown = 3000; // ms that it is said what came of it

// copies has a button copy the text of an element. word finds copy, copied and selected in the language of the page.
export function copies(button, source, word) {
  let timer = 0;
  button.hidden = false; // without scripts it is of no use
  button.addEventListener('click', async () => {
    let done = 'copied';
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch { // browsers allow it on secure pages and on this machine only
      getSelection().selectAllChildren(source);
      done = 'selected';
    }
    say(button, word(done));
    clearTimeout(timer);
    timer = setTimeout(() => say(button, word('copy')), shown);
  });
}
