// Servers on the visitor's own machine or network: browsers ask the visitor before a page from elsewhere may reach them,
// and say nothing but "failed" when something is in the way. Here it is found out what.

/** 'loopback', 'local' or 'public'. */
export function addressSpaceOf(url) {
  const {hostname} = new URL(url, location.href);
  const name = hostname.replace(/^\[|\]$/g, '');
  if (name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127\./.test(name)) return 'loopback';
  const isPrivate = /^(10|192\.168|172\.(1[6-9]|2\d|3[01])|169\.254)\./.test(name) || /^f[cde]/.test(name) && name.includes(':');
  return isPrivate || name.endsWith('.local') ? 'local' : 'public';
}

/** What fetch should be told about the address, so that the browser's question comes in time. */
export function spaceOption(url) {
  const space = addressSpaceOf(url);
  const isSame = addressSpaceOf(location.href) !== 'public';
  return space === 'public' || isSame || new URL(url, location.href).origin === location.origin ? {} : {targetAddressSpace: space};
}

async function permission(space) {
  const names = [space === 'loopback' ? 'loopback-network' : 'local-network', 'local-network-access'];
  for (const name of names) {
    try {
      return (await navigator.permissions.query({name})).state;
    } catch {
      // A browser that does not know this name may know the older one.
    }
  }
  return 'unknown';
}

/** Whether a server on this machine can be asked without the browser putting a question to the visitor. */
export async function mayReachLoopback() {
  if (addressSpaceOf(location.href) === 'loopback') return true;
  return (await permission('loopback')) === 'granted';
}

/** Why a request got no answer: permission, mixed_content, origin, down or unknown. */
export async function whyItFailed(url, isAborted) {
  const target = new URL(url, location.href);
  const space = addressSpaceOf(target.href);
  const isForeign = target.origin !== location.origin;
  if (space !== 'public' && isForeign && addressSpaceOf(location.href) === 'public' && (await permission(space)) === 'denied') {
    return 'permission';
  }
  if (location.protocol === 'https:' && target.protocol === 'http:' && space !== 'loopback') return 'mixed_content';
  if (!isForeign) return 'down';
  try {
    // An opaque answer says that somebody is there: then only the permission for this page is missing.
    await fetch(`${target.origin}/health`, {mode: 'no-cors', credentials: 'omit', cache: 'no-store', ...spaceOption(url),
                                            signal: AbortSignal.timeout(3000)});
    return 'origin';
  } catch {
    return isAborted() ? 'unknown' : 'down';
  }
}
