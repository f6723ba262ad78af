// Part by part: the package's own `http/mod.js` loads in neither runtime.
// @ts-types="./std_http.d.ts"
export { deleteCookie, getCookies, setCookie } from "deno-std/http/cookie.js";
// @ts-types="./std_http.d.ts"
export { STATUS_TEXT } from "deno-std/http/status.js";
