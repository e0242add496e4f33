import { onKeys } from './page.js';
import { draw } from './plots.js';

const figures = () => document.querySelectorAll('figure[data-plot]');
const drawAll = () => figures().forEach(draw);

function say(live) {
  const shown = document.getElementById('live');
  shown.hidden = false;
  shown.classList.toggle('off', !live);
  document.getElementById('live-text').textContent = live ? 'Live' : 'Not answering';
}

// The same page again, and only its numbers taken from it: what is open, focused or scrolled stays.
async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (answer.redirected && new URL(answer.url).pathname === '/sign-in') {
    location.assign(answer.url);
    return;
  }
  if (!answer.ok) throw new Error(String(answer.status));
  const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
  if (figures().length !== fresh.querySelectorAll('figure[data-plot]').length) {
    document.getElementById('content').replaceWith(fresh.getElementById('content'));
  }
  for (const one of document.querySelectorAll('[data-live]')) {
    const other = fresh.getElementById(one.id);
    if (!other || one.isEqualNode(other)) continue;
    one.className = other.className;
    one.hidden = other.hidden;
    if (other.dataset.number !== undefined) one.dataset.number = other.dataset.number;
    one.replaceChildren(...other.childNodes);
  }
  drawAll();
}

async function keepCurrent() {
  if (document.hidden) return;
  try {
    await refresh();
    say(true);
  } catch {
    say(false);
  }
}

drawAll();
say(true);
setInterval(keepCurrent, 1000 * Number(document.body.dataset.every));
document.addEventListener('visibilitychange', keepCurrent);
let width = innerWidth;
addEventListener('resize', () => {
  if (innerWidth === width) return;
  width = innerWidth;
  requestAnimationFrame(drawAll);
});
const span = (number) => () => document.querySelectorAll('.tabs a')[number].click();
onKeys({ 1: span(0), 2: span(1), 3: span(2) });
