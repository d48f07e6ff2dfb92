// The operations dashboard: one stream fills one store, and views draw it.

import { Charts } from "./dashboard-charts.js";
import { showEmpty } from "./dashboard-empty.js";
import { showMatches, showNodes } from "./dashboard-lists.js";
import { Operator } from "./dashboard-operator.js";
import { QueueTable } from "./dashboard-queues.js";
import { RulesPage } from "./dashboard-rules.js";
import { Search } from "./dashboard-search.js";
import { showStatus } from "./dashboard-status.js";
import { Store } from "./dashboard-store.js";
import { Stream } from "./dashboard-stream.js";
import { showAudit, showRedis, showTiles } from "./dashboard-tiles.js";
import { Webhooks } from "./dashboard-webhooks.js";

const store = new Store();
const operator = new Operator(store);
const queues = new QueueTable(store, (action, queue, button) => operator.act(action, queue, button));
const charts = new Charts(store);
const drawStatus = showStatus(store);
const tickTiles = showTiles(store);
const tickNodes = showNodes(store);
const tickMatches = showMatches(store);
showRedis(store);
showAudit(store);
showEmpty();
new Search(store);
new RulesPage(store);
new Webhooks(store);
const stream = new Stream(store, "v1/dashboard/events");

// This one timer drives all changes that no event brings.
setInterval(() => {
  stream.check();
  if (document.hidden) return;
  drawStatus();
  if (store.link.state !== "live") return; // ages stop while the data is not live
  for (const tick of [tickTiles, tickNodes, tickMatches]) tick();
  queues.tick();
  charts.tick();
}, 1000);
