// The distributors' portal: watching a track, delivering with progress, contesting.
const csrf = document.body.dataset.csrf;
const HEADER = "X-Trackgate-CSRF";

function tell(box, text, tone) {
  box.textContent = text;
  box.className = `banner ${tone}`;
  box.hidden = false;
}

function faults(problem) {
  const named = (problem.errors || []).map((fault) => `${fault.field}: ${fault.reason}`);
  return named.length ? `${problem.title}. ${named.join("; ")}` : problem.detail || problem.title;
}

function parsed(text) {
  try { return JSON.parse(text); } catch { return { title: "The answer could not be read. Try again." }; }
}

const track = document.querySelector("[data-watch]");
if (track) {
  const source = new EventSource(`/v1/tracks/${track.dataset.watch}/events`);
  source.addEventListener("track", (event) => {
    const now = JSON.parse(event.data);
    if (String(now.history.length) !== track.dataset.steps || now.state !== track.dataset.state) {
      source.close();
      const editing = document.activeElement && document.activeElement.closest("#contest");
      if (editing) { document.getElementById("changed").hidden = false; } else { location.reload(); }
    } else if (now.final) { source.close(); }
  });
}

const form = document.getElementById("deliver");
if (form) {
  const said = document.getElementById("said");
  const bar = document.getElementById("bar");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = (name) => form.elements[name].value.trim();
    const metadata = { title: value("title"), display_artist: value("display_artist"), ai_use: value("ai_use") };
    for (const name of ["isrc", "release_date"]) if (value(name)) metadata[name] = value(name);
    const credits = JSON.parse(form.dataset.credits || "[]");
    if (credits.length && form.elements.keep_credits?.checked) metadata.contributors = credits;
    const keys = value("artist_keys").split(/\s+/).filter(Boolean);
    if (keys.length) metadata.artist_keys = keys;
    metadata.test_delivery = form.elements.test_delivery.checked;
    const body = new FormData();
    body.append("metadata", JSON.stringify(metadata));
    body.append("audio", form.elements.audio.files[0]);
    const request = new XMLHttpRequest();
    const button = form.querySelector("button");
    button.disabled = true;
    bar.hidden = false;
    request.upload.addEventListener("progress", (step) => {
      if (!step.lengthComputable) return;
      bar.value = step.loaded / step.total;
      tell(said, step.loaded < step.total ? `${Math.round(100 * bar.value)} % sent` : "Sent. The file is being checked …", "calm");
    });
    request.addEventListener("loadend", () => {
      const answer = parsed(request.responseText);
      if (request.status === 202) { location.assign(`/portal/tracks/${answer.track_id}`); return; }
      button.disabled = false;
      bar.hidden = true;
      tell(said, request.status ? faults(answer) : "The connection was lost. Nothing was accepted; try again.", "alarm");
    });
    request.open("POST", "/v1/tracks");
    request.setRequestHeader(HEADER, csrf);
    request.send(body);
  });
}

const contest = document.getElementById("contest");
if (contest) {
  const said = document.getElementById("contest-said");
  contest.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = contest.querySelector("button");
    button.disabled = true;
    try {
      const answer = await fetch(contest.action, {
        method: "POST",
        headers: { "Content-Type": "application/json", [HEADER]: csrf },
        body: JSON.stringify({ text: contest.elements.text.value }),
      });
      if (answer.ok) { location.reload(); return; }
      tell(said, faults(parsed(await answer.text())), "alarm");
    } catch { tell(said, "The connection was lost. Try again.", "alarm"); }
    button.disabled = false;
  });
}

// ---- the webhook -------------------------------------------------------------------------------------------
async function change(method, address, body) {
  const headers = { [HEADER]: csrf };
  if (body) headers["Content-Type"] = "application/json";
  const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
  const told = answer.status === 204 || answer.status === 202 ? {} : parsed(await answer.text());
  if (!answer.ok) throw new Error(faults(told));
  return told;
}

const webhook = document.getElementById("webhook");
if (webhook) {
  const said = document.getElementById("webhook-said");
  const fail = (error) => tell(said, error.message || "The connection was lost. Try again.", "alarm");
  webhook.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = { url: webhook.elements.url.value.trim(), new_secret: webhook.elements.new_secret?.checked ?? false };
    change("PUT", "/v1/webhook", wanted).then((told) => {
      if (!told.secret) { location.reload(); return; }
      document.getElementById("secret").textContent = told.secret;
      document.getElementById("secret-box").hidden = false;
      webhook.hidden = true;
    }).catch(fail);
  });
  document.getElementById("webhook-off")?.addEventListener("click", () => {
    change("DELETE", "/v1/webhook").then(() => location.reload()).catch(fail);
  });
}

for (const button of document.querySelectorAll(".replay")) {
  button.addEventListener("click", () => {
    const said = document.getElementById("replay-said");
    button.disabled = true;
    change("POST", `/v1/webhook/deliveries/${button.dataset.delivery}/replay`)
      .then(() => location.reload())
      .catch((error) => { button.disabled = false; tell(said, error.message, "alarm"); });
  });
}
