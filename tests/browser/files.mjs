// Where the tests find what they test, and how long they wait for it.
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const pageFolder = process.env.PALIMPSEST_PAGE ?? join(root, "build/web/dist");
/// The module that defines the element, as the page names it.
export const elementScript = /<script type="module" src="([^"]+)"/.exec(readFileSync(join(pageFolder, "index.html"), "utf8"))[1];
/// How long anything may take on a slow and busy machine.
export const patience = 60_000;
