// Draws a figure's table as SVG. The table is the figure; the drawing is the same again for the eye, so it is hidden
// from screen readers, which have the table.

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 200, LEFT = 46, RIGHT = 10, TOP = 10, BOTTOM = 22;

function element(name, attributes, parent, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

function read(figure) {
  const table = figure.querySelector('table');
  const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows].map((row) => ({
    head: row.cells[0].textContent,
    at: row.cells[0].dataset.at ?? '',
    values: [...row.cells].slice(1).map((cell) => (cell.dataset.v === '' ? null : Number(cell.dataset.v))),
    texts: [...row.cells].slice(1).map((cell) => cell.textContent),
  }));
  return { names, rows };
}

// What means the same in every figure has the same colour in every figure.
const OWN = { Label: 0, Quarantine: 1, Publish: 2, Reject: 3, 'Not detected': 2, 'Likely generated': 3, Inconclusive: 1, Accepted: 2, Delivered: 2, Failed: 3, 'Dead letters': 3 };
const styles = (names) => {
  const taken = new Set(names.map((name) => OWN[name]).filter((one) => one !== undefined));
  const free = [0, 1, 2, 3, 4, 5, 6, 7].filter((one) => !taken.has(one));
  return names.map((name) => `s${OWN[name] ?? free.shift() ?? 7}`);
};

// The smallest of 1, 2, 2.5, 5 times a power of ten that is not below the value.
function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((top) => top >= value * 0.999);
}

function label(value, unit) {
  if (unit === 'share') return `${+(100 * value).toPrecision(3)} %`;
  if (unit === 'seconds') return value >= 7200 ? `${+(value / 3600).toPrecision(2)} h` : value >= 120 ? `${+(value / 60).toPrecision(2)} min` : `${+value.toPrecision(3)} s`;
  if (Math.abs(value) >= 1000) return `${+(value / 1000).toPrecision(3)} k`;
  return `${+value.toPrecision(3)}`;
}

export function draw(figure) {
  const place = figure.querySelector('.drawing');
  if (!place) return;
  const { names, rows } = read(figure);
  const kind = figure.dataset.plot, unit = figure.dataset.unit;
  const some = rows.some((row) => row.values.some((value) => value !== null));
  place.hidden = !some;
  figure.querySelector('.legend').replaceChildren();
  if (!some) { place.replaceChildren(); return; }
  const width = Math.max(260, place.clientWidth), inner = width - LEFT - RIGHT, tall = HEIGHT - TOP - BOTTOM;
  const svg = element('svg', { viewBox: `0 0 ${width} ${HEIGHT}`, 'aria-hidden': 'true', focusable: 'false' });
  const limit = figure.dataset.limit ? Number(figure.dataset.limit) : null;
  const sums = rows.map((row) => row.values.reduce((sum, value) => sum + (value ?? 0), 0));
  const largest = kind === 'stack' ? Math.max(...sums) : Math.max(...rows.flatMap((row) => row.values.map((value) => value ?? 0)));
  // A limit far above everything would flatten what there is to see.
  const top = niceTop(limit !== null && limit <= largest * 4 ? Math.max(largest, limit) : largest);
  const y = (value) => TOP + tall * (1 - value / top);
  const slot = inner / rows.length, classes = styles(names);
  for (const share of [0, 0.5, 1]) {
    element('line', { class: 'grid', x1: LEFT, x2: width - RIGHT, y1: y(top * share), y2: y(top * share) }, svg);
    element('text', { x: LEFT - 6, y: y(top * share) + 4, 'text-anchor': 'end' }, svg, label(top * share, unit));
  }
  const every = Math.ceil(rows.length / Math.max(2, Math.floor(inner / 70)));
  rows.forEach((row, n) => {
    if (n % every === 0) {
      element('text', { x: LEFT + slot * (n + 0.5), y: HEIGHT - 6, 'text-anchor': 'middle' }, svg, row.head.replace('up to ', '≤ '));
    }
  });
  if (kind === 'stack') stack(svg, rows, y, slot, classes);
  else if (kind === 'spread') spread(svg, rows, y, slot, classes);
  else lines(svg, rows, names, y, slot, classes);
  if (limit !== null && limit <= top) element('line', { class: 'limit', x1: LEFT, x2: width - RIGHT, y1: y(limit), y2: y(limit) }, svg);
  for (const mark of figure.querySelectorAll('.mark-at')) markAt(svg, rows, Number(mark.dataset.v), mark.dataset.name, slot);
  place.replaceChildren(svg);
  legend(figure, names, rows, kind);
  follow(figure, svg, names, rows, kind, slot, width);
}

function stack(svg, rows, y, slot, classes) {
  const gap = Math.min(4, slot * 0.15);
  rows.forEach((row, n) => {
    let below = 0;
    row.values.forEach((value, series) => {
      if (!value) return;
      element('rect', {
        class: classes[series], x: LEFT + slot * n + gap / 2, width: Math.max(1, slot - gap),
        y: y(below + value), height: Math.max(0, y(below) - y(below + value)),
      }, svg);
      below += value;
    });
  });
}

function spread(svg, rows, y, slot, classes) {
  rows.forEach((row, n) => {
    const wide = (slot * 0.84) / row.values.length;
    row.values.forEach((value, series) => {
      if (!value) return;
      element('rect', { class: classes[series], x: LEFT + slot * (n + 0.08) + wide * series, width: wide, y: y(value), height: y(0) - y(value) }, svg);
    });
  });
}

function lines(svg, rows, names, y, slot, classes) {
  names.forEach((_, series) => {
    let path = '', lone = [];
    rows.forEach((row, n) => {
      const value = row.values[series];
      if (value === null) return;
      const x = LEFT + slot * (n + 0.5);
      const joined = n > 0 && rows[n - 1].values[series] !== null;
      path += `${joined ? 'L' : 'M'}${x.toFixed(1)} ${y(value).toFixed(1)}`;
      if (!joined && (n + 1 === rows.length || rows[n + 1].values[series] === null)) lone.push([x, y(value)]);
    });
    element('path', { class: classes[series], d: path }, svg);
    for (const [x, at] of lone) element('rect', { class: classes[series], x: x - 3, y: at - 3, width: 6, height: 6 }, svg);
  });
}

// Where a value lies between the edges of the bars.
function markAt(svg, rows, value, name, slot) {
  const edges = rows.map((row) => (row.at === '' ? Infinity : Number(row.at)));
  const bar = edges.findIndex((edge) => value <= edge);
  if (bar < 0) return;
  const low = bar > 0 ? edges[bar - 1] : edges[0];
  const within = bar > 0 && Number.isFinite(edges[bar]) ? (value - low) / (edges[bar] - low) : 0.5;
  const x = LEFT + slot * (bar + within);
  element('line', { class: 'mark', x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }, svg);
  element('text', { x: x + 5, y: TOP + 10 }, svg, name);
}

function legend(figure, names, rows, kind, at = null) {
  const list = figure.querySelector('.legend'), classes = styles(names);
  const row = at === null ? null : rows[at];
  const items = names.map((name, series) => {
    const item = document.createElement('li');
    const swatch = element('svg', { viewBox: '0 0 22 10' });
    if (kind === 'lines') element('path', { class: classes[series], d: 'M0 5H22', 'stroke-width': 3 }, swatch);
    else element('rect', { class: classes[series], width: 22, height: 10, rx: 2 }, swatch);
    item.append(swatch, row ? `${name} ${row.texts[series]}` : name);
    return item;
  });
  if (row) {
    const when = document.createElement('li');
    when.className = 'when';
    when.textContent = row.head;
    items.unshift(when);
  }
  list.replaceChildren(...items);
}

// Under the pointer, the legend tells that step's numbers.
function follow(figure, svg, names, rows, kind, slot, width) {
  const hair = element('line', { class: 'hair', y1: TOP, y2: HEIGHT - BOTTOM, visibility: 'hidden' }, svg);
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const at = Math.floor((((event.clientX - box.left) / box.width) * width - LEFT) / slot);
    if (at < 0 || at >= rows.length) return;
    hair.setAttribute('x1', LEFT + slot * (at + 0.5));
    hair.setAttribute('x2', LEFT + slot * (at + 0.5));
    hair.setAttribute('visibility', 'visible');
    legend(figure, names, rows, kind, at);
  });
  svg.addEventListener('pointerleave', () => {
    hair.setAttribute('visibility', 'hidden');
    legend(figure, names, rows, kind);
  });
}
