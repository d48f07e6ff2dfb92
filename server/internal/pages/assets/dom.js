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
