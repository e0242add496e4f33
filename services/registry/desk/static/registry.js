// An artist's page follows the checks: it loads itself again when something changed, unless somebody is writing.
const page = document.querySelector("[data-watch]");
const EVERY_MS = 1500;

function isWriting() {
  const fields = document.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox])");
  return [...fields].some((field) => field.value !== field.defaultValue);
}

async function look() {
  try {
    const answer = await fetch(`/artists/${page.dataset.artist}/state`);
    if (answer.ok && (await answer.json()).state !== page.dataset.state) {
      if (!isWriting()) { location.assign(`/artists/${page.dataset.artist}`); return; }
      document.getElementById("changed").hidden = false;
    }
  } catch { /* the registry is away: ask again */ }
  setTimeout(look, EVERY_MS);
}

if (page) setTimeout(look, EVERY_MS);
