// Tells whoever sees an empty server how to fill it.

import { find, say } from "./dashboard-dom.js";

export function showEmpty() {
  const url = new URL("v1/queues/history/tickets", document.baseURI);
  const command = `for player in alice bob carol; do curl -H 'Content-Type: application/json' -d '{"player":"'$player'"}' ${url}; echo; done`;
  const text = find("#curl");
  const copy = find("#copy");
  say(text, command);
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      say(copy, "Copied");
    } catch { // browsers allow it on https and localhost only
      getSelection().selectAllChildren(text);
      say(copy, "Selected, press Ctrl+C");
    }
    setTimeout(() => say(copy, "Copy"), 3000);
  });
}
