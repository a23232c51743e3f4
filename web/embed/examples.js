// Curated examples: those that come with the page, or the author's own.

const loaded = new Map();

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered with status ${response.status}`);
  const list = await response.json();
  for (const example of list) {
    for (const name of ['before', 'after']) if (example[name]) example[name] = new URL(example[name], url).href;
  }
  return list;
}

/** The element's examples; none where they cannot be had. */
export async function loadExamples(element) {
  const text = element.examples.trim();
  try {
    if (text.startsWith('[')) return JSON.parse(text);
    const url = text ? new URL(text, document.baseURI).href : new URL('examples/examples.json', element.assetsUrl).href;
    if (!loaded.has(url)) loaded.set(url, fetched(url));
    return structuredClone(await loaded.get(url));
  } catch (error) {
    console.warn(`palimpsest-playground: examples: ${error.message}`);
    return [];
  }
}

/** The one named, else the first that has both pictures; null where there is none. */
export function findExample(examples, id) {
  return examples.find((example) => example.id === id) ?? examples.find((example) => example.before && example.after) ?? null;
}
