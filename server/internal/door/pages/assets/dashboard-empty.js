// The hint on an empty server: how to queue players.

import { copies } from "./copy.js";
import { find, say } from "./dom.js";
import { t } from "./dashboard-words.js";

export function showEmpty() {
  const url = new URL("v1/queues/history/tickets", document.baseURI);
  const command = `for player in alice bob carol; do curl -H 'Content-Type: application/json' -d '{"player":"'$player'"}' ${url}; echo; done`;
  say(find("#curl"), command);
  copies(find("#copy"), find("#curl"), (key) => t(key));
}
