// Reads YAML files with yaml of npm, as YAML 1.2 and 1.1, and formats them with prettier.
// Usage: node read_with_npm.mjs NODE_MODULES FILE... Prints one JSON object for each file, a line each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, ...files] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
const { parse } = load("yaml");
const prettier = load("prettier");
for (const file of files) {
  const text = readFileSync(file, "utf-8");
  const formatted = await prettier.format(text, { parser: "yaml" });
  const read = { core: parse(text), older: parse(text, { version: "1.1" }), formatted };
  console.log(JSON.stringify(read));
}
