// Where the tests find what they test.
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const pageFolder = process.env.PALIMPSEST_PAGE ?? join(root, "build/web/dist");
