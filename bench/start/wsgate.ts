/**
 * What a cold start pays: the import, and the first list.
 *
 * @module
 */

const start = performance.now();
const { compileOrigins } = await import("@wsgate/wsgate");
const imported = performance.now();
compileOrigins(["https://example.com", "https://*.example.com", ".example.org"]);
const compiled = performance.now();
console.log(JSON.stringify({ importMs: imported - start, compileMs: compiled - imported }));
