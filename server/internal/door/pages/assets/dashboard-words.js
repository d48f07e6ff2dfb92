// The language of the dashboard. It is chosen when the page loads: another choice loads it again.

import { en } from "./dashboard-en.js";
import { ko } from "./dashboard-ko.js";
import { koPage } from "./dashboard-ko-page.js";
import { language, speaker, switcher, translate } from "./language.js";

export const words = { en, ko };
export const tag = language();
export const t = speaker(words, tag);

// speakPage puts the page itself, which is English, into the language.
export function speakPage() {
  if (tag === "ko") translate(document.body, koPage);
  document.title = t("title");
  const buttons = document.querySelector("#languages");
  buttons.setAttribute("aria-label", t("languages"));
  switcher(buttons, tag, () => location.reload());
}
