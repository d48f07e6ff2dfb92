// A message of the browser for a page in the background: the match is there.

// canAsk reports whether the user can be asked for leave to show messages.
export function canAsk() {
  return window.Notification?.permission === 'default';
}

// askLeave asks the user. Browsers allow that after a click only.
export async function askLeave() {
  await Notification.requestPermission();
}

// notify shows a message, if the user allows it and does not look at the page.
export function notify(title, body) {
  if (!document.hidden || window.Notification?.permission !== 'granted') return;
  try {
    const message = new Notification(title, {body, tag: 'matchq'});
    message.onclick = () => {
      window.focus();
      message.close();
    };
  } catch {
    // some phones allow messages of service workers only; the title of the tab says it, too
  }
}
