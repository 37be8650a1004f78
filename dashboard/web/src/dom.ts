// Making and changing elements. Text from outside only ever becomes text nodes and attributes.

type Child = Node | string | null | false | undefined;
type Attrs = Record<string, string | number | boolean | null | undefined | ((e: Event) => void)>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attrs: Attrs = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(attrs)) {
    if (typeof value === "function") {
      el.addEventListener(key, value);
    } else if (value !== null && value !== undefined && value !== false) {
      el.setAttribute(key, value === true ? "" : String(value));
    }
  }
  put(el, ...children);
  return el;
}

export function put(el: Element, ...children: Child[]): void {
  el.append(...children.filter((c): c is Node | string => c !== null && c !== undefined && c !== false));
}

export function fill(el: Element, ...children: Child[]): void {
  el.replaceChildren();
  put(el, ...children);
}

/** Set text only when it differs: an untouched node is not painted or read out again. */
export function say(el: HTMLElement, text: string): void {
  if (el.textContent !== text) {
    el.textContent = text;
  }
}

export function flag(el: HTMLElement, name: string, value: string | boolean | null): void {
  const now = el.getAttribute(name);
  const want = value === false || value === null ? null : value === true ? "" : value;
  if (now !== want) {
    if (want === null) {
      el.removeAttribute(name);
    } else {
      el.setAttribute(name, want);
    }
  }
}

const nameOf = (el: Element): string => el.getAttribute("aria-label") ?? el.textContent ?? "";

/** Redo a part only when what it shows is another. Who had the focus on a button has it on the
 * button of that name again. */
export function redo(el: HTMLElement, key: string, make: () => Child[]): void {
  if (el.dataset["key"] === key) {
    return;
  }
  el.dataset["key"] = key;
  const focus = document.activeElement;
  const name = focus !== null && el.contains(focus) ? nameOf(focus) : null;
  fill(el, ...make());
  if (name !== null) {
    [...el.querySelectorAll("button")].find((b) => nameOf(b) === name)?.focus();
  }
}

export function button(text: string, press: () => void, attrs: Attrs = {}): HTMLButtonElement {
  return h("button", { type: "button", click: press, ...attrs }, text);
}

let labels = 0;
export function field(label: string, input: HTMLElement, hint?: string): HTMLElement {
  const id = `f${++labels}`;
  input.id = id;
  const row = h("div", { class: "field" }, h("label", { for: id }, label), input);
  if (hint) {
    input.setAttribute("aria-describedby", `${id}h`);
    put(row, h("small", { id: `${id}h` }, hint));
  }
  return row;
}

export function select(options: [string, string][], value?: string): HTMLSelectElement {
  const el = h("select", {}, ...options.map(([v, text]) => h("option", { value: v }, text)));
  if (value !== undefined) {
    el.value = value;
  }
  return el;
}
