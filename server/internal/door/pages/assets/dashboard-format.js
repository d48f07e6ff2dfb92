// The formats of numbers, durations and times. An unknown value is a dash.

import { tag, t } from "./dashboard-words.js";

export const NONE = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hms = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const hm = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const full = new Intl.DateTimeFormat(tag === "en" ? "en-GB" : tag, { dateStyle: "medium", timeStyle: "long" });

const missing = (value) => value === null || value === undefined;

export const count = (n) => (missing(n) ? NONE : whole.format(n));
export const rate = (n) => (missing(n) ? NONE : n > 0 && n < 100 ? tenths.format(n) : whole.format(n));
export const percent = (share) => (missing(share) ? NONE : t("percent", tenths.format(share * 100)));
export const clock = (ms) => (missing(ms) ? NONE : hms.format(ms));
export const minute = (ms) => hm.format(ms);
export const moment = (ms) => (missing(ms) ? NONE : full.format(ms));

// duration is precise for short durations and brief for long ones.
export function duration(ms) {
  if (missing(ms)) return NONE;
  if (ms === 0) return t("s", 0);
  if (ms < 9.95) return t("ms", Math.round(ms * 10) / 10);
  if (ms < 999.5) return t("ms", Math.round(ms));
  if (ms < 9950) return t("s", Math.round(ms / 100) / 10);
  if (ms % 3_600_000 === 0 && ms < 172_800_000) return t("hours", ms / 3_600_000); // as rules have it
  if (ms % 60_000 === 0 && ms < 3_600_000) return t("minutes", ms / 60_000);
  return age(ms);
}

// age is a duration that ticks by whole seconds.
export function age(ms) {
  if (missing(ms)) return NONE;
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("s", s);
  if (s < 3600) return t("minutesSeconds", Math.floor(s / 60), pad(s % 60));
  if (s < 172800) return t("hoursMinutes", Math.floor(s / 3600), pad(Math.floor(s / 60) % 60));
  return t("daysHours", Math.floor(s / 86400), Math.floor(s / 3600) % 24);
}

const pad = (n) => String(n).padStart(2, "0");

// until counts down to a time.
export function until(time, now) {
  if (missing(time)) return NONE;
  return time - now < 500 ? t("now") : t("in", age(time - now));
}

const LATER = 5000; // ms between a ticket's time and the tick that ends it, from which on people are told of the tick

// endsAtTick says whether a ticket ends noticeably later than its time: nothing but a tick of its queue ends it. next is that
// tick's time, null if it is not known.
function endsAtTick({ state, expires_at }, next, now) {
  const at = Date.parse(expires_at);
  return state === "waiting" && (at <= now || (!missing(next) && next - at > LATER));
}

// expiry says when a ticket will expire, with write for a time at which it does so by itself.
export function expiry(ticket, next, now, write = until) {
  if (!ticket.expires_at) return NONE;
  if (endsAtTick(ticket, next, now)) return t("expiresAtTick", missing(next) || next <= now ? "" : until(next, now));
  const at = Date.parse(ticket.expires_at);
  return ticket.state === "proposed" && at <= now ? NONE : write(at, now);
}

export const ago = (time, now) => (missing(time) ? NONE : t("ago", roughly(now - time)));

// roughly writes a duration in its largest unit, to fit a narrow column.
export function roughly(ms) {
  if (missing(ms)) return NONE;
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return t("s", s);
  if (s < 3600) return t("minutes", Math.floor(s / 60));
  if (s < 172800) return t("hours", Math.floor(s / 3600));
  return t("days", Math.floor(s / 86400));
}

export function bytes(n) {
  if (missing(n)) return NONE;
  for (const unit of ["B", "KiB", "MiB", "GiB"]) {
    if (n < 1024 || unit === "GiB") return `${unit === "B" ? n : tenths.format(n)} ${unit}`;
    n /= 1024;
  }
  return NONE;
}
