import process from "node:process";
import { corpus, patternList } from "./corpus.ts";
import { compareWithScan } from "./ratio.ts";
const [design, sizeText] = process.argv.slice(2);
const size = Number(sizeText);
const { compileOrigins } = await import(design!);
const patterns = patternList(size);
const m = compileOrigins(patterns);
const effort = { warmup: 80, rounds: 161 };
const f = (n: number) => n.toFixed(2);
const warm = corpus(size, 1000);
const w = await compareWithScan(m.test, (i) => warm.decode(i), effort);
let text = `${"Bun" in globalThis ? "bun " : "deno"} ${size}  warm ${f(w.ratio)} (${f(w.quartiles[0])})  ${w.ns.toFixed(0)}/${w.scanNs.toFixed(0)} ns`;
if (size >= 1000) {
  const cold = corpus(size, size);
  const c = await compareWithScan(m.test, (i) => cold.decode(i), effort);
  text += `   cold ${f(c.ratio)} (${f(c.quartiles[0])})  ${c.ns.toFixed(0)}/${c.scanNs.toFixed(0)} ns`;
}
console.log(text);
