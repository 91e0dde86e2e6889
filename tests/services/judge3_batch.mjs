// SPDX-License-Identifier: AGPL-3.0-or-later
// Asks the judge of Open Badges 3.0 about many credentials in one process: JSON lines in, JSON lines out.
// The judge is a program for one credential; it is run anew for each, and only its libraries are loaded once.
import fs from "node:fs";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [folder] = process.argv.slice(2);
const judge = pathToFileURL(`${folder}/judge.mjs`).href;
const read = fs.readFileSync;
const files = new Map();
let printed = "";

fs.readFileSync = (name, ...more) => files.get(name) ?? read(name, ...more);
process.exit = () => {};
console.log = (text) => (printed = text);
process.argv = [process.argv[0], "judge.mjs", "credential", "--docs", "documents"];

let number = 0;
for await (const line of createInterface({ input: process.stdin })) {
  const { input, documents } = JSON.parse(line);
  files.set("credential", input).set("documents", JSON.stringify(documents));
  printed = "";
  let broken = "it printed nothing";
  try {
    await import(`${judge}?${number++}`);
  } catch (error) {
    broken = String(error);
  }
  // What it breaks down over is not valid: run alone, it ends with that status.
  printed ||= JSON.stringify({ valid: false, failed: [{ id: "broken", ok: false, message: broken }] });
  process.stdout.write(`${JSON.stringify(JSON.parse(printed))}\n`);
}
