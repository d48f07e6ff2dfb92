// The language of a page: the chosen one, or the first of the browser's languages that the page has.

export const languages = {en: 'English', ko: '한국어'};

const place = 'matchq-language';

function chosen() {
  try {
    return localStorage.getItem(place);
  } catch {
    return null; // storage can be forbidden
  }
}

// language returns the language to use.
export function language() {
  const wanted = [chosen(), ...(navigator.languages ?? [navigator.language])];
  const known = wanted.map((tag) => tag?.slice(0, 2).toLowerCase()).find((tag) => tag in languages);
  return known ?? 'en';
}

// choose keeps a choice, for all pages of this server.
export function choose(tag) {
  try {
    localStorage.setItem(place, tag);
  } catch {
    // then it holds for this page only
  }
}

// speaker returns a function that finds texts by their key. Texts with gaps are functions of the values there.
export function speaker(words, tag) {
  document.documentElement.lang = tag;
  return (key, ...gaps) => {
    const found = words[tag][key] ?? words.en[key];
    return typeof found === 'function' ? found(...gaps) : found;
  };
}

// translate replaces the texts of an element, and of its attributes for people, by those that a table has for them. Commands
// and names stay as they are.
export function translate(root, texts) {
  const put = (text, set) => {
    const found = texts[text.trim().replace(/\s+/g, ' ')];
    if (found !== undefined) set(text.replace(text.trim(), () => found));
  };
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) {
      put(node.data, (text) => { node.data = text; });
      continue;
    }
    for (const name of ['aria-label', 'placeholder', 'title']) {
      if (node.hasAttribute(name)) put(node.getAttribute(name), (text) => node.setAttribute(name, text));
    }
  }
}

// switcher fills an element with a button for each language; it calls speak with the chosen one.
export function switcher(element, tag, speak) {
  element.replaceChildren(...Object.entries(languages).map(([other, name]) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.lang = other;
    button.textContent = name;
    button.setAttribute('aria-pressed', String(other === tag));
    button.addEventListener('click', () => {
      choose(other);
      speak(other);
      element.querySelector('[aria-pressed="true"]')?.focus();
    });
    return button;
  }));
}
