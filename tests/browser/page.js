/**
 * What runs in the pages: opens a socket from wherever a script can be, and tells what it saw. Plain JavaScript, since
 * browsers and workers read it as it is.
 */

/**
 * Opens a socket, closes it after its first message, and tells all that happened on the way. It goes into other
 * documents and workers as text, so it stands alone.
 */
function probe(url, protocols) {
  return new Promise((resolve) => {
    const seen = [];
    let socket;
    try {
      socket = new WebSocket(url, protocols);
    } catch (error) {
      resolve([`threw ${error.name}`]);
      return;
    }
    socket.onopen = () => seen.push(socket.protocol === "" ? "open" : `open ${socket.protocol}`);
    socket.onerror = () => seen.push("error");
    socket.onmessage = ({ data }) => {
      seen.push(data);
      socket.close(1000, "thanks");
    };
    socket.onclose = ({ code, reason, wasClean }) => {
      seen.push(`close ${code} ${reason} ${wasClean ? "clean" : "unclean"}`.replace("  ", " "));
      resolve(seen);
    };
    setTimeout(() => resolve([...seen, "nothing more"]), 15_000);
  });
}

/** From each place a script can be in: tells what a socket that is opened there sees. */
const places = {
  "the page": probe,

  "a frame": (url, protocols, page) => inFrame({ src: ask(page, url, protocols) }),
  "a sandboxed frame": (url, protocols, page) =>
    inFrame({ src: ask(page, url, protocols), sandbox: "allow-scripts" }),
  "a sandboxed frame with allow-same-origin": (url, protocols, page) =>
    inFrame({ src: ask(page, url, protocols), sandbox: "allow-scripts allow-same-origin" }),
  "a credentialless frame": (url, protocols, page) =>
    inFrame({ src: ask(page, url, protocols), credentialless: "" }),
  "a srcdoc frame": (url, protocols) => inFrame({ srcdoc: documentOf(url, protocols) }),
  "a sandboxed srcdoc frame": (url, protocols) =>
    inFrame({ srcdoc: documentOf(url, protocols), sandbox: "allow-scripts" }),
  "a data: frame": (url, protocols) =>
    inFrame({ src: `data:text/html,${encodeURIComponent(documentOf(url, protocols))}` }),
  "a blob: frame": (url, protocols) =>
    inFrame({ src: URL.createObjectURL(new Blob([documentOf(url, protocols)], { type: "text/html" })) }),
  "an about:blank frame": (url, protocols) => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    return frame.contentWindow.eval(callOf(url, protocols));
  },
  "an about:blank popup": async (url, protocols) => {
    const popup = open("about:blank");
    try {
      return await popup.eval(callOf(url, protocols));
    } finally {
      popup.close();
    }
  },

  "a worker": (...call) => inWorker(new Worker("/page.js"), call),
  "a module worker": (...call) => inWorker(new Worker("/page.js", { type: "module" }), call),
  "a blob: worker": async (...call) =>
    inWorker(new Worker(URL.createObjectURL(new Blob([await ownText()]))), call),
  "a data: worker": async (...call) =>
    inWorker(new Worker(`data:text/javascript,${encodeURIComponent(await ownText())}`), call),
  "a shared worker": (...call) => inWorker(new SharedWorker("/page.js").port, call),
  "a service worker": (...call) => underServiceWorker((worker) => inWorker(worker, call)),
  "a page under a service worker": (...call) =>
    underServiceWorker(async () => {
      const { status } = await fetch("/caught");
      return [`fetch ${status}`, ...await probe(...call)];
    }),
};

function callOf(url, protocols) {
  return `(${probe})(${JSON.stringify(url)}, ${JSON.stringify(protocols)})`;
}

function documentOf(url, protocols) {
  return `<script>${callOf(url, protocols)}.then((seen) => parent.postMessage(seen, "*"))</script>`;
}

/** A page that looks from itself and tells its parent. */
function ask(page, url, protocols) {
  return `${page}/page#${encodeURIComponent(JSON.stringify([url, protocols]))}`;
}

function inFrame(attributes) {
  return new Promise((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
    const frame = document.createElement("iframe");
    for (const [name, value] of Object.entries(attributes)) frame.setAttribute(name, value);
    document.body.append(frame);
  });
}

function inWorker(worker, call) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve([`no worker: ${message}`]);
    worker.postMessage(call, [port2]);
  });
}

/** Runs `look` with a service worker that controls this page. */
async function underServiceWorker(look) {
  const registration = await navigator.serviceWorker.register("/page.js");
  try {
    while (navigator.serviceWorker.controller === null) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return await look(navigator.serviceWorker.controller);
  } finally {
    await registration.unregister();
  }
}

async function ownText() {
  return await (await fetch("/page.js")).text();
}

if ("document" in globalThis) {
  globalThis.look = (place, ...call) => places[place](...call);
  if (location.hash !== "") {
    probe(...JSON.parse(decodeURIComponent(location.hash.slice(1)))).then((seen) =>
      parent.postMessage(seen, "*")
    );
  }
} else {
  const answer = ({ data, ports: [port] }) => probe(...data).then((seen) => port.postMessage(seen));
  globalThis.onmessage = (event) => event.waitUntil?.(answer(event)) ?? answer(event);
  globalThis.onconnect = ({ ports: [port] }) => port.onmessage = answer;
  globalThis.oninstall = () => globalThis.skipWaiting();
  globalThis.onactivate = (event) => event.waitUntil(globalThis.clients.claim());
  globalThis.onfetch = (event) => {
    if (event.request.url.endsWith("/caught")) event.respondWith(new Response("caught", { status: 418 }));
  };
}
