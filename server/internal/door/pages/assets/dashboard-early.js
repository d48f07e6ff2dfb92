// The stream of the dashboard, opened before its program is here: on a slow network the first numbers then come while the
// program is still loading. It is a module of its own, which page and program share.

export const url = "v1/dashboard/events";
export const events = ["snapshot", "change", "error"];

const heard = [];
const keep = (message) => heard.push(message);
let early = document.hidden ? null : new EventSource(url);
for (const event of events) early?.addEventListener(event, keep);
// Nobody sees the page any more: the program opens another when it is seen again.
document.addEventListener("visibilitychange", () => {
  early?.close();
  early = null;
  heard.length = 0;
});

// open returns an open stream, and what it has brought so far: first the early one, then new ones.
export function open() {
  const source = early ?? new EventSource(url);
  for (const event of events) source.removeEventListener(event, keep);
  early = null;
  return { source, heard: heard.splice(0) };
}
