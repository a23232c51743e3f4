// The style sheet of the element's shadow tree. Colours come from the page's palette once it runs (browser.js) and from
// theme.js before that.

export const sheet = new CSSStyleSheet();
sheet.replaceSync(`
  :host { display: block; position: relative; min-width: 320px; min-height: 240px; overflow: hidden; contain: strict; }
  .stage { --background: #101114; --surface: #17191d; --raised: #23262d; --line: #343842; --edge: #6b7280; --text: #ecedef;
           --muted: #a3a8b3; --accent: #f2b84b; --on-accent: #101114; --bad: #ff7b72; --radius: 6px;
           position: absolute; inset: 0; color-scheme: dark; color: var(--text); background: var(--background);
           font: 15px/1.35 'Palimpsest Inter', system-ui, sans-serif; }
  .stage.light { --background: #f6f6f4; --surface: #fff; --raised: #ececE8; --line: #d6d7db; --edge: #7a808c; --text: #17181b;
           --muted: #565c67; --accent: #8a5200; --on-accent: #fff; --bad: #b3261e; color-scheme: light; }

  canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; touch-action: none; outline: none; }
  .cooperative canvas { touch-action: pan-y; }
  .cooperative:focus-within canvas { touch-action: none; }
  .fields { position: absolute; inset: 0; overflow: hidden; pointer-events: none; }
  :is(.fields, .dialog) > :not(.dialog) { position: absolute; box-sizing: border-box; margin: 0; pointer-events: auto; }
  .fields .button, .fields .slider { pointer-events: none; }
  input, select, textarea { font: inherit; color: var(--text); background: var(--background); border: 1px solid var(--edge);
           border-radius: var(--radius); padding: 5px 10px; resize: none; }
  textarea { padding: 8px 10px; }
  .mono, .readout { font-family: 'Palimpsest Mono', ui-monospace, monospace; font-size: 13px; }
  .readout { line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
  ::placeholder { color: var(--muted); opacity: 1; }
  [aria-invalid=true] { border-color: var(--bad); }
  :is(input, select, textarea):focus-visible { outline: 2px solid var(--accent); outline-offset: -1px; }
  .button, .slider { opacity: 0; }
  .button:focus-visible, .slider:focus-visible { opacity: 1; }
  .slider { background: none; appearance: none; border: 0; padding: 0; }
  .slider::-webkit-slider-thumb { visibility: hidden; }
  .slider::-moz-range-thumb { visibility: hidden; }
  .button { background: none; border: 0; color: transparent; font-size: 1px; overflow: hidden; }
  :is(.button, .slider):focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; border-radius: var(--radius); }
  .status, .progress, .picture { overflow: hidden; clip-path: inset(50%); pointer-events: none; }
  .status { width: 1px; height: 1px; }

  .poster, .message { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 12px;
           padding: 24px; text-align: center; background: var(--background); }
  .poster { padding: 0; overflow: hidden; place-content: stretch; }
  .poster { background: #101114; }
  .poster .pair { position: absolute; inset: 0; margin: auto; aspect-ratio: 1; max-width: 100%; max-height: 100%; }
  .poster img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; }
  .poster .after { clip-path: inset(0 0 0 50%); }
  .poster .divider { position: absolute; inset: 0 auto 0 calc(50% - 1px); width: 2px; background: #fff; box-shadow: 0 0 0 1px #0006; }
  .poster .tag { position: absolute; top: 12px; padding: 3px 9px; border-radius: 6px; background: #000a; color: #fff; font-size: 13px; }
  .poster .tag.left { left: 12px; }
  .poster .tag.right { right: 12px; }
  .poster .invitation { position: absolute; inset: auto 0 0 0; display: grid; justify-items: center; gap: 8px; padding: 40px 16px 16px;
           color: #fff; background: linear-gradient(#0000, #000d 50%); }
  .poster .prompt { font-weight: 600; text-wrap: balance; }
  .poster .note { font-size: 13px; color: #e4e5e8; text-wrap: balance; }
  .message button, .poster button { font: inherit; font-weight: 600; min-height: 44px; padding: 10px 22px; border: 0;
           border-radius: var(--radius); color: var(--on-accent); background: var(--accent); cursor: pointer; }
  :is(.message, .poster) button:focus-visible { outline: 2px solid #fff; outline-offset: 2px; }
  .spinner { width: 28px; height: 28px; border: 3px solid var(--line); border-top-color: var(--accent); border-radius: 50%;
           animation: turn 0.9s linear infinite; }
  @keyframes turn { to { transform: rotate(1turn); } }

  .hint { position: absolute; inset: 0; display: grid; place-content: center; padding: 16px; text-align: center; font-size: 17px;
           color: #fff; background: #000a; opacity: 0; pointer-events: none; transition: opacity 120ms ease-out; }
  .hint.shown { opacity: 1; }
  iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; }
  .parked { position: absolute; inset: 0; width: 100%; height: 100%; }
  @media (pointer: coarse) { input, select, textarea { font-size: 16px; } }
  @media (prefers-reduced-motion: reduce) { .hint { transition: none; } .spinner { animation: none; } }
`);
