/** Small helpers of the lab's pages. Text goes in as text: nothing here makes markup of what a server said. */

/** A new element, with a class and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** The one element that `selector` names. */
export function find<T extends HTMLElement = HTMLElement>(selector: string): T {
  return document.querySelector<T>(selector)!;
}

/** Shows the elements of a selector, or hides them. */
export function show(selector: string, visible: boolean): void {
  for (const one of document.querySelectorAll<HTMLElement>(selector)) one.hidden = !visible;
}

/** Makes `children` the children of `parent`. What is there already stays, and with it the keyboard's focus. */
export function update(parent: Element, ...children: readonly (Node | string)[]): void {
  const wanted = children.map((child) => typeof child === "string" ? document.createTextNode(child) : child);
  if (wanted.length !== parent.childNodes.length) return parent.replaceChildren(...wanted);
  wanted.forEach((child, index) => {
    const there = parent.childNodes[index]!;
    if (child.isEqualNode(there)) return;
    // The same element with other children: go in. A field or a link in it may have the focus.
    if (there instanceof Element && there.cloneNode().isEqualNode(child.cloneNode())) {
      update(there, ...child.childNodes);
    } else {
      there.replaceWith(child);
    }
  });
}

/** A socket that is opened again when it was lost; `received` gets each message as JSON. */
export function stayConnected(
  url: string,
  received: (news: never) => void,
  lost: () => void,
): { send(data: unknown): void } {
  let socket: WebSocket;
  const open = () => {
    socket = new WebSocket(url);
    socket.onmessage = ({ data }) => received(JSON.parse(String(data)) as never);
    socket.onclose = () => {
      lost();
      setTimeout(open, 1500);
    };
  };
  open();
  return {
    send: (data) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(data));
    },
  };
}
