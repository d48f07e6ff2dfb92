// The operations dashboard: one stream fills one store, and views draw it.

import { showAdminLog } from "./dashboard-adminlog.js";
import { showAttention, titled } from "./dashboard-attention.js";
import { Charts } from "./dashboard-charts.js";
import { showEmpty } from "./dashboard-empty.js";
import { showMatches, showNodes } from "./dashboard-lists.js";
import { Operator } from "./dashboard-operator.js";
import { Pages } from "./dashboard-pages.js";
import { QueueTable } from "./dashboard-queues.js";
import { RulesPage } from "./dashboard-rules.js";
import { Search } from "./dashboard-search.js";
import { showStatus } from "./dashboard-status.js";
import { Store } from "./dashboard-store.js";
import { Stream } from "./dashboard-stream.js";
import { showAudit, showRedis, showTiles } from "./dashboard-tiles.js";
import { load as loadCharts } from "./dashboard-uplot.js";
import { Webhooks } from "./dashboard-webhooks.js";
import { speakPage } from "./dashboard-words.js";

speakPage();
const store = new Store();
const operator = new Operator(store);
const queues = new QueueTable(store, (action, queue, button) => operator.act(action, queue, button));
const charts = new Charts(store);
const title = titled();
const drawStatus = showStatus(store);
const drawAttention = showAttention(store, title.count);
const tickTiles = showTiles(store);
const tickNodes = showNodes(store);
const tickMatches = showMatches(store);
showRedis(store);
showAudit(store);
showEmpty();
showAdminLog(store);
new Search(store);
new RulesPage(store);
new Webhooks(store);
const pages = new Pages(store, operator, title.page);
const stream = new Stream(store);
store.view(["totals"], loadCharts);

// This one timer drives all changes that no event brings.
setInterval(() => {
  stream.check();
  if (document.hidden) return;
  drawStatus();
  drawAttention();
  if (store.link.state !== "live") return; // ages stop while the data is not live
  for (const tick of [tickTiles, tickNodes, tickMatches]) tick();
  queues.tick();
  charts.tick();
  pages.tick();
}, 1000);
