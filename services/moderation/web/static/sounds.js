// The recording and the references beside it: one of them is heard, one key switches, links are renewed.

const SAME_LENGTH = 0.02;

export function sounds(caseId) {
  const elements = [...document.querySelectorAll('audio.sound')];
  if (!elements.length) return null;
  const [recording] = elements;
  const inStep = document.getElementById('in-step');
  const chooser = document.getElementById('reference');
  let current = recording;
  let reference = elements[1] ?? null;

  const alike = (one, other) => {
    const [a, b] = [one, other].map((element) => Number(element.dataset.seconds));
    return Math.abs(a - b) <= SAME_LENGTH * Math.max(a, b);
  };
  // Two takes of the same length are one performance: hearing them at the same moment tells them apart.
  const suggest = () => { if (inStep && reference) inStep.checked = alike(recording, reference); };
  suggest();

  const self = {
    elements,
    recording,
    get current() { return current; },
    get onReference() { return current !== recording; },
    onSwitch: () => {},
    switch: () => self.hear(self.onReference ? recording : reference),
    hear: (next) => {
      if (!next || next === current) return;
      const playing = !current.paused;
      const at = current.currentTime;
      current.pause();
      if (inStep?.checked) next.currentTime = Math.min(at, Number(next.dataset.seconds));
      next.muted = current.muted;
      current = next;
      if (playing) next.play().catch(() => {});
      self.onSwitch();
    },
  };
  chooser?.addEventListener('change', () => {
    reference = elements.find((element) => element.dataset.sound === chooser.value) ?? reference;
    suggest();
    if (self.onReference) self.hear(reference);
  });

  // A link lasts some minutes. When one has ended, all are asked for again and playing goes on where it was.
  let renewing = null;
  const renew = async () => {
    const answer = await fetch(`/v1/cases/${caseId}/audio`);
    if (!answer.ok) throw new Error(`no links: ${answer.status}`);
    const fresh = new Map((await answer.json()).sounds.map((sound) => [sound.name, sound.url]));
    for (const element of elements) {
      const url = fresh.get(element.dataset.sound);
      if (!url) continue;
      const { currentTime, paused } = element;
      element.src = url;
      element.currentTime = currentTime;
      if (!paused && element === current) element.play().catch(() => {});
    }
  };
  for (const element of elements) {
    let renewedAt = 0;
    element.addEventListener('error', () => {
      const once = performance.now() - renewedAt > 10_000;
      renewedAt = performance.now();
      const fault = () => { document.getElementById('audio-fault').hidden = false; };
      if (!once) { fault(); return; }
      renewing ??= renew().catch(fault).finally(() => { renewing = null; });
    });
  }
  return self;
}
