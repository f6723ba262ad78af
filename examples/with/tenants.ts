// Many sites, each with a policy of its own, on Deno and Bun. A site that is not in the map is refused.

import { compilePolicy, guard, type Policy, upgradeHandler, websocket } from "@wsgate/wsgate";

const tenants = new Map<string, Policy>();
for (const host of ["one.example", "two.example"]) {
  tenants.set(host, compilePolicy({ origins: [`https://${host}`] }));
}

const echo = upgradeHandler({ message: (socket, data) => void socket.send(data) });
const fetch = guard(echo, ({ host }) => tenants.get(host) ?? null);

const server = { fetch, websocket };
export default server;
