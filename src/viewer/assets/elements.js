/** Small builders of elements. */

/** An element with a class and a text or children. */
export function make(name, className, ...content) {
  const node = document.createElement(name);
  if (className !== '') node.className = className;
  node.append(...content);
  return node;
}

/** Fills a <dl> with pairs of name and value. */
export function fillList(list, pairs) {
  list.replaceChildren(...pairs.map(([name, value]) => make('div', '', make('dt', '', name), make('dd', '', value))));
}

/** Fills a <ul>, unless it says the same already: screen readers read what changes. */
export function fillItems(list, items) {
  if (list.dataset.content === items.join('\n')) return;
  list.dataset.content = items.join('\n');
  list.replaceChildren(...items.map((item) => make('li', '', item)));
}
