// The library that draws the charts. It is a third of the page, so it is loaded after the first numbers are shown.

const pause = 3000; // ms between two attempts
let loading = null;
let tell;

// here reports whether charts can be drawn.
export const here = () => window.uPlot !== undefined;

// ready resolves when they can.
export const ready = new Promise((done) => { tell = done; });

// load loads the library once, however long that takes.
export function load() {
  loading ??= (async () => {
    while (!here()) if (!(await fetched())) await new Promise((done) => setTimeout(done, pause));
    tell();
  })();
}

function fetched() {
  return new Promise((done) => {
    const script = document.createElement("script");
    script.src = new URL("uplot.js", import.meta.url);
    script.onload = () => done(true);
    script.onerror = () => done(false);
    document.head.append(script);
  });
}
