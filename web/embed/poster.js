// What stands in the element's place before it is started: an example, before and after, and a button.

function node(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** A sentence in the element's place, with a button where there is something to do. */
export function message(text, action, isBusy) {
  const box = node('div', 'message');
  if (isBusy) box.append(node('div', 'spinner'));
  const words = node('div', '', text);
  words.setAttribute('role', 'status');
  box.append(words);
  if (action) {
    const button = node('button', '', action[0]);
    button.addEventListener('click', action[1]);
    box.append(button);
  }
  return box;
}

function picture(url, label, className) {
  const image = Object.assign(new Image(), {src: url, alt: label, className, loading: 'lazy', decoding: 'async'});
  // A picture that does not come leaves the plain poster.
  image.addEventListener('error', () => image.remove());
  return image;
}

/** `example` may be null; `image` is the author's own picture and wins over it. */
export function poster({example, image, onStart, onNear}) {
  const box = node('div', 'poster');
  box.part = 'poster';
  const invitation = node('div', 'invitation');
  if (image) {
    box.append(picture(image, '', 'whole'));
  } else if (example) {
    const pair = node('div', 'pair');
    pair.append(picture(example.before, `Before: ${example.title}`, 'before'), picture(example.after, `After: ${example.prompt}`, 'after'),
                node('div', 'divider'), node('span', 'tag left', 'Before'), node('span', 'tag right', 'After'));
    box.append(pair);
    invitation.append(node('div', 'prompt', `“${example.prompt}”`));
  }
  const button = node('button', '', '▶ Try it live');
  button.part = 'start';
  button.addEventListener('click', onStart);
  box.addEventListener('pointerenter', onNear, {once: true});
  const drawn = !image && example ? `Example drawn by ${example.drawn_by}. ` : '';
  invitation.append(button, node('div', 'note', `${drawn}Loads about half a megabyte; pictures are made by a server that you choose.`));
  box.append(invitation);
  return box;
}
