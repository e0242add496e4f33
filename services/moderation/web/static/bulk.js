import { onKeys, press } from './page.js';

const page = document.body.dataset;
const LOOK_MS = 400;

// ---- choosing the answer -----------------------------------------------------------------------------------
const form = document.getElementById('bulk');
const labels = document.getElementById('labels');
const note = document.getElementById('note');
const chosen = () => form?.querySelector('input[name=outcome]:checked')?.value ?? null;

function follow() {
  labels.hidden = chosen() !== 'label';
  labels.disabled = labels.hidden;
  note.required = chosen() === 'reject';
  document.getElementById('note-need').textContent =
    note.required ? '(required: each distributor reads it)' : '(each distributor reads it)';
}

const choose = (outcome) => () => {
  const radio = form?.querySelector(`input[value=${outcome}]`);
  if (!radio) return;
  radio.checked = true;
  follow();
  if (outcome === 'reject' && !note.value) note.focus();
};

const toggle = (number) => () => {
  const box = chosen() === 'label' ? labels.querySelectorAll('input')[number] : null;
  if (box) box.checked = !box.checked;
};

if (form) {
  form.addEventListener('change', follow);
  follow();
}

// ---- watching it -------------------------------------------------------------------------------------------
// Until the state changes; then the page is loaded again, because its buttons are others.
async function look() {
  const answer = await fetch(`/v1/bulk/${page.job}`);
  if (!answer.ok) return;
  const job = await answer.json();
  if (job.state !== page.state) { location.reload(); return; }
  document.getElementById('progress').value = job.done;
  document.getElementById('done').textContent = job.done;
}

if (page.state === 'running') {
  const watch = () => look().catch(() => {}).then(() => setTimeout(watch, LOOK_MS));
  watch();
}

const undoNote = document.getElementById('undo-note');
if (undoNote) {
  const end = Date.parse(page.undoUntil);
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    undoNote.textContent = seconds > 0
      ? `Nothing is sent for ${seconds} s.`
      : 'The first answers are being sent: undo takes back the rest.';
  };
  tick();
  setInterval(tick, 500);
}

onKeys({
  p: choose('publish'),
  l: choose('label'),
  r: choose('reject'),
  t: () => note?.focus(),
  1: toggle(0),
  2: toggle(1),
  3: toggle(2),
  4: toggle(3),
  5: toggle(4),
  Enter: press('go'),
  c: press('cancel'),
  z: press('take-back'),
  q: press('back'),
});
