// The module that a page loads: defines <palimpsest-playground>. Start with element.js.

import {PalimpsestPlayground} from './element.js';

if (!customElements.get('palimpsest-playground')) customElements.define('palimpsest-playground', PalimpsestPlayground);

export {PalimpsestPlayground};
