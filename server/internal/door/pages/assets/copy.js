// A button that copies the text beside it.

import {say} from './dom.js';

const shown = 3000; // ms that the button shows the result

// copies makes a button copy the text of an element. word translates copy, copied and selected.
export function copies(button, source, word) {
  let timer = 0;
  button.hidden = false; // it needs scripts
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
