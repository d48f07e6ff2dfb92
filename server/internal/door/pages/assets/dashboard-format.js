// The formats of numbers, durations and times. An unknown value is a dash.

export const NONE = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hms = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const hm = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });

const missing = (value) => value === null || value === undefined;

export const count = (n) => (missing(n) ? NONE : whole.format(n));
export const rate = (n) => (missing(n) ? NONE : n > 0 && n < 100 ? tenths.format(n) : whole.format(n));
export const percent = (share) => (missing(share) ? NONE : `${tenths.format(share * 100)} %`);
export const clock = (ms) => (missing(ms) ? NONE : hms.format(ms));
export const minute = (ms) => hm.format(ms);
export const moment = (ms) => (missing(ms) ? NONE : full.format(ms));

// duration is precise for short durations and brief for long ones.
export function duration(ms) {
  if (missing(ms)) return NONE;
  if (ms === 0) return "0 s";
  if (ms < 9.95) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${Math.round(ms / 100) / 10} s`;
  return age(ms);
}

// age is a duration that ticks by whole seconds.
export function age(ms) {
  if (missing(ms)) return NONE;
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${pad(s % 60)} s`;
  if (s < 172800) return `${Math.floor(s / 3600)} h ${pad(Math.floor(s / 60) % 60)} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor(s / 3600) % 24} h`;
}

const pad = (n) => String(n).padStart(2, "0");

// until counts down to a time.
export function until(time, now) {
  if (missing(time)) return NONE;
  return time - now < 500 ? "now" : `in ${age(time - now)}`;
}

export const ago = (time, now) => (missing(time) ? NONE : `${roughly(now - time)} ago`);

// roughly writes a duration in its largest unit, to fit a narrow column.
export function roughly(ms) {
  if (missing(ms)) return NONE;
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

export function bytes(n) {
  if (missing(n)) return NONE;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024 || unit === "GiB") return `${unit === "B" ? n : tenths.format(n)} ${unit}`;
    n /= 1024;
  }
  return NONE;
}

export const plural = (n, one, many) => `${count(n)} ${n === 1 ? one : many}`;
