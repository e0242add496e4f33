import { onKeys, press, watchQueue } from './page.js';

// A busy queue changes many times a second; a list that moves more often than this cannot be read, nor served.
const PAUSE_MS = 400;
const AT_MOST_EVERY_MS = 2000;
let selected = null;

const rows = () => [...document.querySelectorAll('#list tbody tr')];

function select(row) {
  rows().forEach((other) => other.classList.toggle('selected', other === row));
  selected = row?.dataset.case ?? null;
  row?.querySelector('a')?.focus({ preventScroll: true });
  row?.scrollIntoView({ block: 'nearest' });
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.case === selected);
  select(all[Math.min(Math.max(at + by, 0), all.length - 1)]);
}

// ---- marks, for one answer to many -------------------------------------------------------------------------
const bulk = document.getElementById('bulk-open');
const marked = new Set();

function showMarks() {
  if (!bulk) return;
  for (const box of document.querySelectorAll('.mark-one')) box.checked = marked.has(box.value);
  document.getElementById('bulk-count').textContent = marked.size ? `${marked.size} marked` : 'all that fit';
  const query = new URLSearchParams(bulk.dataset.query);
  for (const id of marked) query.append('case', id);
  bulk.href = `/bulk?${query}`;
}

function mark(id) {
  if (!bulk || !id) return;
  if (!marked.delete(id)) marked.add(id);
  showMarks();
}

function markAll() {
  const here = rows().map((row) => row.dataset.case);
  const none = here.every((id) => marked.has(id));
  for (const id of here) if (none) marked.delete(id); else marked.add(id);
  showMarks();
}

document.addEventListener('change', (event) => {
  if (!event.target.matches('.mark-one')) return;
  if (event.target.checked) marked.add(event.target.value); else marked.delete(event.target.value);
  showMarks();
});
showMarks();

// The same page again, and only its list, counts and filters taken from it: selection and typing stay.
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (answer.redirected && new URL(answer.url).pathname === '/sign-in') {
    location.assign(answer.url);
    return;
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const before = new Set(rows().map((row) => row.dataset.case));
  const focused = document.activeElement?.closest('#list tr')?.dataset.case;
  for (const id of ['list', 'tabs']) document.getElementById(id).replaceWith(fresh.getElementById(id));
  const button = document.getElementById('next');
  if (button) button.disabled = fresh.getElementById('next').disabled;
  document.title = fresh.title;
  showMarks();
  for (const row of rows()) {
    row.classList.toggle('fresh', before.size > 0 && !before.has(row.dataset.case));
    row.classList.toggle('selected', row.dataset.case === selected);
    if (row.dataset.case === focused) row.querySelector('a').focus({ preventScroll: true });
  }
}

let waiting = null;
let refreshed = 0;
let first = true;
function soon() {
  if (document.hidden) return;
  const pause = Math.max(PAUSE_MS, refreshed + AT_MOST_EVERY_MS - performance.now());
  waiting ??= setTimeout(() => {
    waiting = null;
    refreshed = performance.now();
    refresh().catch(() => {});
  }, pause);
}

watchQueue({
  ready: () => { if (!first) soon(); first = false; },
  changed: soon,
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); });
for (const control of document.querySelectorAll('#filters select')) {
  control.addEventListener('change', () => control.form.requestSubmit());
}

const tab = (number) => () => document.querySelectorAll('#tabs a')[number]?.click();
onKeys({
  j: () => move(1),
  ArrowDown: () => move(1),
  k: () => move(-1),
  ArrowUp: () => move(-1),
  Enter: () => rows().find((row) => row.dataset.case === selected)?.querySelector('a').click(),
  n: press('next'),
  x: () => mark(selected),
  a: () => { if (bulk) markAll(); },
  b: press('bulk-open'),
  '/': () => document.getElementById('text').focus(),
  1: tab(0),
  2: tab(1),
  3: tab(2),
  4: tab(3),
  5: tab(4),
  6: tab(5),
  7: tab(6),
  8: tab(7),
});
