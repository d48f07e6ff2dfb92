// The demo's guests, and where they connect to.

// address is the URL of the server's WebSocket, beside this page, with the guest's token, if any.
export function address(guest) {
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  if (guest.token) url.searchParams.set('token', guest.token);
  return url.href;
}

// ended returns whether a guest's token ends within a time (ms).
export function ended(guest, least) {
  return Boolean(guest.expires_at) && Date.parse(guest.expires_at) - Date.now() < least;
}
