// What pages build their elements with. Data only ever becomes text, never markup.

// h makes an element. Properties that begin with "on" are listeners; of the others true is an attribute without a value,
// and false, null or undefined is none.
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

// attribute sets or takes away an attribute, if that changes anything.
export function attribute(element, name, value) {
  if (value === false || value === null || value === undefined) {
    element.removeAttribute(name);
  } else if (element.getAttribute(name) !== (value === true ? '' : String(value))) {
    element.setAttribute(name, value === true ? '' : value);
  }
}

// say changes a text, if it is another one: what did not change is not read out again.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// show shows or hides an element.
export function show(element, visible) {
  if (element.hidden === Boolean(visible)) element.hidden = !visible;
}

// find is the first element of a selector.
export const find = (selector, within = document) => within.querySelector(selector);

// arrange lets a parent have exactly these children in this order, moving as few as possible: a node that is moved
// loses the focus.
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...parent.children]) if (!wanted.has(node)) node.remove();
  let at = parent.firstElementChild;
  for (const node of nodes) {
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

// languageOf is the language of a text that may be in another one than the page, for those who read it out and for the
// choice of a font: Korean is known by its letters, of others nothing is said.
export function languageOf(text) {
  return /\p{Script=Hangul}/u.test(text) ? 'ko' : null;
}
