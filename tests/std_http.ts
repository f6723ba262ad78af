// One part alone: the package's own `http/mod.js` loads in neither runtime.
// @ts-types="./std_http.d.ts"
export { deleteCookie, getCookies, setCookie } from "deno-std/http/cookie.js";
