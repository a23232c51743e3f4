// Where the tests find what they test, and how long they wait for it.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const pageFolder = process.env.PALIMPSEST_PAGE ?? join(root, "build/web/dist");
/// How long anything may take on a slow and busy machine.
export const patience = 60_000;
