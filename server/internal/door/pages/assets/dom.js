// Functions that build elements. Data becomes text, never markup.

// h makes an element. Properties that begin with "on" are listeners, others are attributes: true means no value; false,
// null or undefined means no attribute.
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('on')) {
      element.addEventListener(name.slice(2), value);
    } else {
      attribute(element, name, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// attribute sets or removes an attribute, if that changes anything.
export function attribute(element, name, value) {
  if (value === false || value === null || value === undefined) {
    element.removeAttribute(name);
  } else if (element.getAttribute(name) !== (value === true ? '' : String(value))) {
    element.setAttribute(name, value === true ? '' : value);
  }
}

// say sets a text if it differs: screen readers do not repeat an unchanged text.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// show shows or hides an element.
export function show(element, visible) {
  if (element.hidden === Boolean(visible)) element.hidden = !visible;
}

// find returns the first element of a selector.
export const find = (selector, within = document) => within.querySelector(selector);

// arrange gives a parent exactly these children in this order. It moves as few as possible, since a moved node loses
// the focus.
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  let at = parent.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

// languageOf returns the language of a text, for screen readers and the choice of a font. Its letters identify Korean;
// other languages stay unmarked.
export function languageOf(text) {
  return /\p{Script=Hangul}/u.test(text) ? 'ko' : null;
}
