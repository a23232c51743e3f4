// The inside of an iframe: starts the playground when the page around says so, and holds what that page may ask. Pages
// that this file's host trusts (its own origin, and those in <meta name="palimpsest-parents">) may do everything once the
// visitor has touched the playground; any other page may set theme, layout and prompt, and is told nothing but its state.

import {Bridge} from './bridge.js';
import './palimpsest-playground.js';

const OPEN_ATTRIBUTES = ['prompt', 'layout', 'controls', 'gestures', 'readonly'];
const OPEN_CALLS = ['theme', 'configure'];
const OPEN_EVENTS = ['state', 'ready'];
// Without a touch of the visitor: what reveals nothing and reaches no server.
const QUIET_CALLS = ['theme', 'configure', 'set_state', 'cancel', 'fullscreen'];

function isTrusted(origin) {
  const named = document.querySelector('meta[name=palimpsest-parents]')?.content.split(/\s+/) ?? [];
  return origin === location.origin || named.includes(origin);
}

class FramePage {
  constructor(port, origin) {
    this.isTrusted = isTrusted(origin);
    this.element = document.querySelector('palimpsest-playground');
    this.bridge = new Bridge(port, {answer: (name, args) => this.answer(name, args), hear: () => {}});
  }

  async answer(name, args) {
    if (name === 'start') return this.start(args);
    if (!this.isTrusted && !OPEN_CALLS.includes(name)) {
      throw new Error(`This page may not ask the playground for "${name}": its origin is not among those of embed.html.`);
    }
    if (!QUIET_CALLS.includes(name) && !navigator.userActivation?.hasBeenActive) {
      throw new Error(`"${name}" works once the visitor has clicked into the playground.`);
    }
    if (name === 'theme') return this.element.useTheme(args.theme);
    if (name === 'configure' && !this.isTrusted) args = {layout: args.layout, controls: args.controls, readonly: args.readonly};
    if (name === 'submit') args = {...args, approved: true};  // the page around has been asked on its side
    await this.element.ready;
    return this.element.session.call(name, args);
  }

  start({attributes, theme}) {
    if (this.isStarted) throw new Error('The playground has been started already.');
    this.isStarted = true;
    for (const [name, value] of Object.entries(attributes)) {
      const isOpen = OPEN_ATTRIBUTES.includes(name);
      const isKnown = this.element.constructor.observedAttributes.includes(name);
      if (isKnown && (isOpen || this.isTrusted) && !['isolate', 'assets', 'start'].includes(name)) this.element.setAttribute(name, value);
    }
    this.element.setAttribute('gestures', attributes.gestures || 'cooperative');
    this.element.useTheme(theme);
    this.element.listener = (name, detail) => {
      if (this.isTrusted || OPEN_EVENTS.includes(name)) this.bridge.tell(name, detail);
    };
    if (this.isTrusted) this.element.judge = (name, detail) => this.bridge.call(name, detail);
    this.element.start();
    return {trusted: this.isTrusted};
  }
}

addEventListener('message', (event) => {
  const isHello = event.source === window.parent && event.data?.pg === 1 && event.data.type === 'hello' && event.ports[0];
  if (isHello) new FramePage(event.ports[0], event.origin);
});
