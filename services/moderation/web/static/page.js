// What both pages share: the key help, single-key shortcuts, and the live connection.

const typing = (element) =>
  element instanceof HTMLElement &&
  (element.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(element.tagName)) &&
  !['radio', 'checkbox', 'range', 'button', 'submit'].includes(element.type);

export function openKeys() {
  const dialog = document.getElementById('keys');
  if (dialog && !dialog.open) dialog.showModal();
}

// `actions` maps a key (KeyboardEvent.key) to what it does. Keys with Ctrl, Alt or Meta stay the browser's.
const undoLast = () => { if (undo && !undo.hidden) document.getElementById('undo-button').click(); };
const undo = document.getElementById('undo');
if (undo?.dataset.until) {
  const end = Date.parse(undo.dataset.until);
  const tick = () => {
    const seconds = Math.ceil((end - Date.now()) / 1000);
    document.getElementById('undo-left').textContent = `${Math.max(0, seconds)} s`;
    undo.hidden = seconds <= 0;
  };
  tick();
  setInterval(tick, 250);
}

export function onKeys(actions) {
  document.getElementById('show-keys')?.addEventListener('click', openKeys);
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Escape' && typing(document.activeElement)) {
      document.activeElement.blur();
      return;
    }
    if (typing(document.activeElement)) return;
    const onControl = document.activeElement?.closest('button, a, summary, input');
    if (onControl && (event.key === 'Enter' || event.key === ' ')) return;
    const action = event.key === '?' ? openKeys : actions[event.key] ?? (event.key === 'z' ? undoLast : null);
    if (!action) return;
    event.preventDefault();
    action(event);
  });
  // Keys pressed before this moment are lost on purpose: nobody decides a case that they have not seen.
  document.body.dataset.keys = 'on';
}

export const press = (id) => () => document.getElementById(id)?.click();

// Calls `changed({what, case_id})` after every change of the queue, and `ready()` when the connection is (again) up:
// whatever happened before it was up was not told.
export function watchQueue({ ready, changed }) {
  const shown = document.getElementById('live');
  const text = document.getElementById('live-text');
  const say = (live) => {
    shown.hidden = false;
    shown.classList.toggle('off', !live);
    text.textContent = live ? 'Live' : 'Reconnecting';
  };
  const source = new EventSource('/events');
  source.addEventListener('ready', () => { say(true); ready(); });
  source.addEventListener('change', (event) => changed(JSON.parse(event.data)));
  source.addEventListener('error', () => say(false));
  addEventListener('pagehide', () => source.close());
  return source;
}
