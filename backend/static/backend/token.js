// The tokens of links in mails, for the pages that take them.

// Programs that rewrite links write them into links of their own.
const LINK = /token(?:=|%3D)([\w-]+)/i;

/** The token of the address, taken out of it, so that neither the history nor the next page knows it. */
export function takeFromAddress() {
  const token = LINK.exec(location.hash)?.[1];
  if (token) history.replaceState(null, "", location.pathname);
  return token;
}

/** Of what was pasted: the token alone or a whole link, maybe broken into lines. */
export function tokenIn(text) {
  const characters = text.replace(/\s+/g, "");
  return LINK.exec(characters)?.[1] ?? characters;
}

/** For a text that says how long to wait. */
export function inMinutes(seconds) {
  const style = { style: "unit", unit: "minute", unitDisplay: "long" };
  const minutes = Math.ceil(Number(seconds) / 60);
  return new Intl.NumberFormat(document.documentElement.lang, style).format(minutes);
}
