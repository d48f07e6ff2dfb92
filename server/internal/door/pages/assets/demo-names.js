// Names of players as the page shows them. Other players choose them: they may hold any character.

export const nameLength = 24; // UTF-16 units, as the name's input counts

const disturbing = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu; // they reorder or break the text around a name
const visible = /[\p{L}\p{N}\p{P}\p{S}]/u;

// letters returns the characters of a text as people see them: an emoji with its modifiers is one.
export function letters(text) {
  return Intl.Segmenter ? Array.from(new Intl.Segmenter().segment(text), ({segment}) => segment) : [...text];
}

// plain returns a text without the characters that disturb others.
export function plain(text) {
  return String(text).replace(disturbing, '');
}

// clean returns a name of at most nameLength; empty if nothing of it is visible. It never cuts a letter in two.
export function clean(name) {
  let cut = '';
  for (const letter of letters(plain(name).trim())) {
    if (cut.length + letter.length > nameLength) break;
    cut += letter;
  }
  return visible.test(cut) ? cut.trim() : '';
}
