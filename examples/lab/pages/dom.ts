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
