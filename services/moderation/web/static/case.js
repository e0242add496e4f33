import { player } from './player.js';
import { drawSpectrum } from './spectrum.js';
import { drawWave } from './waveform.js';
import { onKeys, press, watchQueue } from './page.js';

const page = document.body.dataset;

// ---- the claim: renewed while the page is open, counted down where it can be seen --------------------------
let until = page.until ? Date.parse(page.until) : null;
const left = document.getElementById('lease-left');

function claimEnded() {
  until = null;
  document.getElementById('lease')?.classList.add('alarm');
  if (left) left.textContent = '0:00';
  const banner = document.getElementById('changed');
  banner.firstChild.textContent = 'Your claim on this case has ended. ';
  banner.hidden = false;
  for (const button of document.querySelectorAll('#resolve button, #release')) button.disabled = true;
}

function countDown() {
  if (until === null) return;
  const seconds = Math.max(0, Math.floor((until - Date.now()) / 1000));
  if (left) left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds === 0) claimEnded();
}

async function renew() {
  if (until === null || document.hidden) return;
  const answer = await fetch(`/v1/cases/${page.case}/renew`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': page.csrf },
    body: JSON.stringify({ token: Number(page.token) }),
  });
  if (answer.ok) until = Date.parse((await answer.json()).until);
  else if (answer.status === 409 || answer.status === 404) claimEnded();
}

if (until !== null) {
  const third = Math.max(1000, (until - Date.now()) / 3);
  countDown();
  setInterval(countDown, 1000);
  setInterval(() => renew().catch(() => {}), third);
  document.addEventListener('visibilitychange', () => renew().catch(() => {}));
}

// ---- changes made elsewhere --------------------------------------------------------------------------------
const mine = new Set(page.token ? ['claimed', 'described'] : ['described']);
async function compare() {
  const answer = await fetch(`/v1/cases/${page.case}`);
  if (!answer.ok) return;
  const now = (await answer.json()).case;
  if (page.token && now.state === 'open' && now.claim?.token !== Number(page.token)) claimEnded();
  else if (!page.token && now.state !== page.state) location.reload();
  else if (now.decision_id !== page.decision || now.state !== page.state) document.getElementById('changed').hidden = false;
}
let first = true;
watchQueue({
  ready: () => { if (!first) compare().catch(() => {}); first = false; },
  changed: ({ what, case_id }) => { if (case_id === page.case && !mine.has(what)) compare().catch(() => {}); },
});

// ---- deciding ----------------------------------------------------------------------------------------------
const form = document.getElementById('resolve');
const labels = document.getElementById('labels');
const note = document.getElementById('note');

function chosen() {
  return form?.querySelector('input[name=outcome]:checked')?.value ?? null;
}

function follow() {
  if (!form) return;
  const outcome = chosen();
  labels.hidden = outcome !== 'label';
  labels.disabled = outcome !== 'label';
  note.required = ['reject', 'uphold'].includes(outcome);
  document.getElementById('note-need').textContent =
    note.required ? '(required: the distributor reads it)' : '(the distributor reads it)';
  document.getElementById('decide').disabled = outcome === null;
}

const choose = (outcome) => () => {
  const radio = form?.querySelector(`input[value=${outcome}]`);
  if (!radio) return;
  radio.checked = true;
  follow();
  if (['reject', 'uphold'].includes(outcome) && !note.value) note.focus();
};

const toggle = (number) => () => {
  if (chosen() !== 'label') return;
  const box = labels.querySelectorAll('input')[number];
  if (box) box.checked = !box.checked;
};

if (form) {
  form.addEventListener('change', follow);
  // A second click while the first is on its way would only be told that it changes nothing.
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = 'yes';
    form.classList.add('busy');
  });
  note.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); decide(); }
  });
  follow();
}

function decide() {
  if (form && chosen() !== null) form.requestSubmit(document.getElementById('decide'));
}

// ---- the recording -----------------------------------------------------------------------------------------
const wave = document.getElementById('wave');
const heard = player(page.case);
if (wave) {
  fetch(`/v1/cases/${page.case}/waveform`)
    .then((answer) => (answer.ok ? answer.json() : { reason: 'the waveform cannot be made now' }))
    .then((waveform) => drawWave(waveform, heard))
    .catch(() => drawWave({ reason: 'the waveform could not be loaded' }, heard))
    .then(() => fetch(`/v1/cases/${page.case}/spectrum`))
    .then((answer) => (answer.ok ? answer.json() : {}))
    .then(drawSpectrum)
    .catch(() => {})
    .then(loadAhead)
    .catch(() => {});
}

// While this case is being decided, the server decodes the next one, and the browser keeps what was drawn of it.
async function loadAhead() {
  if (!page.token) return;
  const answer = await fetch(`/v1/cases/upcoming${location.search}`);
  const next = answer.ok ? (await answer.json()).case_id : null;
  if (!next) return;
  await fetch(`/v1/cases/${next}/waveform`);
  await fetch(`/v1/cases/${next}/spectrum`);
  page.ahead = next;
}

onKeys({
  c: press('claim'),
  p: choose('publish'),
  l: choose('label'),
  r: choose('reject'),
  t: () => note?.focus(),
  u: choose('uphold'),
  y: press('confirm'),
  w: () => document.getElementById('back-word')?.focus(),
  e: () => document.getElementById('escalate-word')?.focus(),
  s: press('skip'),
  x: press('release'),
  q: () => document.querySelector('.crumbs a').click(),
  Enter: decide,
  1: toggle(0),
  2: toggle(1),
  3: toggle(2),
  4: toggle(3),
  5: toggle(4),
  ' ': () => heard?.toggle(),
  m: () => heard?.mute(),
  b: () => heard?.compare(),
  ArrowLeft: () => heard?.skip(-5),
  ArrowRight: () => heard?.skip(5),
  '[': () => heard?.evidence(-1),
  ']': () => heard?.evidence(1),
});
