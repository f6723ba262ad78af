/**
 * The chat's page: one file, no framework, nothing from elsewhere.
 *
 * @module
 */

/** The page for a user of that name; null: nobody is logged in, who may listen and is asked for a name. */
export function chatPage(name: string | null, maxNameLength: number): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Lobby</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
<body data-name="${escape(name ?? "")}">
<header>
  <div>
    <h1>Lobby</h1>
    <p id="status" role="status">Connecting …</p>
  </div>
  ${
    name === null ? "" : `<form method="post" action="/logout">
    <span class="name">${escape(name)}</span>
    <button class="quiet">Log out</button>
  </form>`
  }
</header>
<ol id="messages" role="log" aria-label="Messages" tabindex="0"></ol>
<footer>${
    name === null
      ? `<form method="post" action="/login">
    <input name="name" required maxlength="${maxNameLength}" autocomplete="nickname" aria-label="Your name" placeholder="Your name, to join in">
    <button>Log in</button>
  </form>`
      : `<form id="say">
    <input name="text" required maxlength="1000" autocomplete="off" autofocus aria-label="Message" placeholder="Message">
    <button>Send</button>
  </form>`
  }</footer>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
  :root {
    color-scheme: light dark;
    --ground: light-dark(#f3f4f6, #101317);
    --sheet: light-dark(#fff, #181c22);
    --line: light-dark(#dde1e6, #2b323b);
    --text: light-dark(#1b2027, #e8ebef);
    --faint: light-dark(#5d6875, #97a3b1);
    --accent: light-dark(#1f5fd0, #7fb0ff);
    --on-accent: light-dark(#fff, #0b1a33);
    --own: light-dark(#dfeaff, #20365c);
    --theirs: light-dark(#eef0f3, #242a32);
    --good: light-dark(#1a7f4b, #4cc38a);
    font: 1rem/1.5 system-ui, sans-serif;
    background: var(--ground);
    color: var(--text);
  }
  * { box-sizing: border-box; margin: 0 }
  body {
    display: flex; flex-direction: column; height: 100dvh; max-width: 44rem; margin-inline: auto;
    background: var(--sheet);
  }
  @media (min-width: 44.2rem) { body { border-inline: 1px solid var(--line) } }
  header, footer { padding: .75rem clamp(.75rem, 3vw, 1.25rem) }
  header {
    display: flex; justify-content: space-between; align-items: center; gap: 1rem;
    border-bottom: 1px solid var(--line);
  }
  header div { min-width: 0 }
  header form { display: flex; align-items: center; gap: .75rem; flex: none; max-width: 55% }
  .name { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  h1 { font-size: 1.125rem; line-height: 1.3 }
  #status { color: var(--faint); font-size: .875rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  #status::before {
    content: ""; display: inline-block; width: .5rem; height: .5rem; margin-right: .4rem; border-radius: 50%;
    background: var(--faint);
  }
  #status.open::before { background: var(--good) }
  ol {
    flex: 1; overflow-y: auto; list-style: none; padding: 1rem clamp(.75rem, 3vw, 1.25rem);
    display: flex; flex-direction: column; align-items: flex-start;
  }
  ol:empty::before { content: "Nothing has been said yet."; margin: auto; color: var(--faint) }
  li {
    max-width: min(85%, 32rem); margin-top: .75rem; padding: .4rem .75rem; border-radius: .9rem;
    display: flow-root; background: var(--theirs); overflow-wrap: anywhere;
  }
  li:first-child { margin-top: auto }
  li.own { align-self: flex-end; background: var(--own) }
  li.same { margin-top: .25rem }
  li b { display: block; font-size: .8125rem; font-weight: 600; color: oklch(from var(--accent) l c var(--hue)) }
  li.own b, li.same b { display: none }
  li time { float: right; margin: .3rem 0 0 .75rem; font-size: .75rem; line-height: 1.2rem; color: var(--faint) }
  footer { border-top: 1px solid var(--line) }
  footer form { display: flex; gap: .5rem }
  input, button { font: inherit; border-radius: .6rem; padding: .5rem .9rem }
  input {
    flex: 1; min-width: 0; color: inherit; background: var(--ground); border: 1px solid var(--line);
  }
  input::placeholder { color: var(--faint); opacity: 1 }
  button { flex: none; cursor: pointer; border: 0; font-weight: 600; background: var(--accent); color: var(--on-accent) }
  button:hover { filter: brightness(1.08) }
  button:disabled { opacity: .5; cursor: default; filter: none }
  button.quiet {
    padding: .3rem .7rem; font-size: .875rem; font-weight: 500;
    background: none; color: var(--text); border: 1px solid var(--line);
  }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
  input:focus-visible, ol:focus-visible { outline-offset: -2px }
`;

const SCRIPT = `
  const name = document.body.dataset.name;
  const messages = document.querySelector("#messages");
  const status = document.querySelector("#status");
  const form = document.querySelector("#say");
  let socket;

  function connect() {
    socket = new WebSocket("/chat/lobby");
    socket.onmessage = ({ data }) => {
      const news = JSON.parse(data);
      if (news.here) showStatus(news.here.length === 0 ? "Nobody is logged in yet" : news.here.join(", "), true);
      else showMessage(news);
    };
    socket.onclose = ({ code }) => {
      if (code === 4401) return location.reload();
      showStatus("Disconnected, trying again …", false);
      setTimeout(connect, 2000);
    };
  }

  function showStatus(text, open) {
    status.textContent = text;
    status.classList.toggle("open", open);
    if (form) form.querySelector("button").disabled = !open;
  }

  function showMessage({ from, text }) {
    const atEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
    const item = document.createElement("li");
    item.dataset.from = from;
    item.classList.toggle("own", from === name);
    item.classList.toggle("same", messages.lastElementChild?.dataset.from === from);
    const hash = [...from].reduce((sum, character) => (sum * 31 + character.codePointAt(0)) % 1009, 7);
    item.style.setProperty("--hue", hash * 137 % 360);
    const sender = document.createElement("b");
    sender.textContent = from;
    const time = document.createElement("time");
    time.textContent = new Date().toLocaleTimeString([], { timeStyle: "short" });
    item.append(sender, text, time);
    messages.append(item);
    if (atEnd || from === name) messages.scrollTop = messages.scrollHeight;
  }

  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(form.text.value);
    form.reset();
  });

  // Logging out closes this page's own socket too, before the answer is here: a reload would break the log-out off, and the
  // cookie would stay.
  document.querySelector("form[method=post]")?.addEventListener("submit", () => socket.onclose = null);

  // A phone's keyboard takes half of the page away.
  addEventListener("resize", () => messages.scrollTop = messages.scrollHeight);

  connect();
`;
