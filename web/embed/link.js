// What a link may say: which server to use, and a token that pairs the page with it. Both are shown and confirmed.

/** {url, token} of `?server=` and of `#server=…&pair=…`; the token leaves the address bar at once. */
export function serverFromLink() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const url = fragment.get('server') ?? new URLSearchParams(location.search).get('server') ?? '';
  const token = fragment.get('pair') ?? '';
  if (token) {
    fragment.delete('pair');
    const rest = fragment.toString();
    history.replaceState(history.state, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  }
  return {url, token};
}
