// Which colours the element takes: its own, or those of the page around.

const CUSTOM = {accent: '--pg-accent', background: '--pg-bg', text: '--pg-fg'};

/** '#rrggbb' of any CSS colour, or '' where it is transparent or none. */
function hex(color) {
  const parts = color.match(/[\d.]+/g);
  if (!color.startsWith('rgb') || !parts || (parts.length > 3 && Number(parts[3]) < 0.5)) return '';
  return '#' + parts.slice(0, 3).map((part) => Math.round(Number(part)).toString(16).padStart(2, '0')).join('');
}

function resolved(element, color) {
  const probe = document.createElement('span');
  probe.style.color = color;
  if (!probe.style.color) return '';
  element.shadowRoot.append(probe);
  const value = hex(getComputedStyle(probe).color);
  probe.remove();
  return value;
}

/** The first background around the element that is not transparent. */
function backgroundAround(element) {
  for (let node = element; node; node = node.parentElement ?? node.getRootNode().host) {
    const color = hex(getComputedStyle(node).backgroundColor);
    if (color) return color;
  }
  return '';
}

/** 0 is black, 1 white. Source: WCAG 2.2, relative luminance. */
function luminance(color) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
                       .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** {isDark, reducedMotion, accent, background, text, radius}: colours as '#rrggbb', those that nothing says are ''. */
export function themeOf(element) {
  const wanted = element.theme || (element.wholePage ? '' : 'inherit');
  const prefersDark = !matchMedia('(prefers-color-scheme: light)').matches;
  const reducedMotion = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const theme = {isDark: prefersDark, reducedMotion, accent: '', background: '', text: '', radius: -1};
  if (wanted === 'light' || wanted === 'dark') theme.isDark = wanted === 'dark';
  const style = getComputedStyle(element);
  for (const [name, property] of Object.entries(CUSTOM)) {
    const value = style.getPropertyValue(property).trim();
    if (value) theme[name] = resolved(element, value);
  }
  const radius = style.getPropertyValue('--pg-radius').trim();
  if (/^[\d.]+px$/.test(radius)) theme.radius = Math.min(16, parseFloat(radius));
  if (wanted === 'inherit') {
    const background = theme.background || backgroundAround(element);
    if (background) {
      theme.background = background;
      theme.text ||= hex(style.color);
      theme.isDark = luminance(background) < 0.4;
    }
  }
  return theme;
}

/** Tells when the page around may have changed its colours: classes and styles of its root, or the visitor's preference. */
export function watchTheme(tell, signal) {
  const observer = new MutationObserver(tell);
  const filter = {attributes: true, attributeFilter: ['class', 'style', 'data-theme', 'data-md-color-scheme', 'data-mode']};
  observer.observe(document.documentElement, filter);
  if (document.body) observer.observe(document.body, filter);
  for (const query of ['(prefers-color-scheme: light)', '(prefers-reduced-motion: reduce)']) {
    matchMedia(query).addEventListener('change', tell, {signal});
  }
  signal.addEventListener('abort', () => observer.disconnect());
}
