/**
 * What runs in the pages: asks for an address in every way that a page has. Plain JavaScript, since browsers read it as it
 * is.
 */

const ways = {
  "fetch GET": (url) => answered(fetch(url, { credentials: "include" })),
  "fetch POST": (url) => answered(fetch(url, { ...post, credentials: "include" })),
  // Of another origin it has to be asked for first, by OPTIONS.
  "fetch POST of JSON": (url) =>
    answered(
      fetch(url, { ...post, credentials: "include", headers: { "content-type": "application/json" } }),
    ),
  "no-cors GET": (url) => answered(fetch(url, { mode: "no-cors", credentials: "include" })),
  "no-cors POST": (url) => answered(fetch(url, { ...post, mode: "no-cors", credentials: "include" })),
  "EventSource": (url) =>
    new Promise((resolve) => {
      const source = new EventSource(url, { withCredentials: true });
      const end = (text) => {
        source.close();
        resolve(text);
      };
      source.onmessage = ({ data }) => end(data);
      source.onerror = () => end("error");
    }),
  "link": (url) => navigated(Object.assign(document.createElement("a"), { href: url }), "click"),
  "form POST": (url) =>
    navigated(Object.assign(document.createElement("form"), { action: url, method: "post" }), "submit"),
};

const post = { method: "POST", body: "{}" };

function answered(response) {
  return response.then(
    async (answer) => answer.type === "opaque" ? "opaque" : (await answer.text()).trim(),
    ({ name }) => name,
  );
}

/** Says so first: the page is gone once it has gone on. */
function navigated(element, how) {
  document.body.append(element);
  setTimeout(() => element[how](), 0);
  return Promise.resolve("navigated");
}

globalThis.ask = ([way, url, sandboxed]) => {
  if (!sandboxed) return ways[way](url);
  return new Promise((resolve) => {
    addEventListener("message", ({ data }) => resolve(data), { once: true });
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts allow-forms");
    frame.src = `/page#${encodeURIComponent(JSON.stringify([way, url]))}`;
    document.body.append(frame);
  });
};

// This is the frame.
if (location.hash !== "") {
  const [way, url] = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  ways[way](url).then((text) => parent.postMessage(text, "*"));
}
