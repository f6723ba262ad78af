/** The attacker in a sandboxed frame: its origin is opaque, which the handshake says as `null`. */

(() => {
  const target = new URLSearchParams(location.search).get("target");
  for (const name of ["bare", "guarded"]) new WebSocket(`ws://${target}/${name}?by=sandbox`);
})();
