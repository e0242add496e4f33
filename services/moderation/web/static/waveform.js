// The recording's outline, with the playhead and the evidence under it.

export function drawWave(waveform, heard) {
  const box = document.getElementById('wave');
  const note = document.getElementById('wave-note');
  const canvas = document.getElementById('wave-canvas');
  const playhead = document.getElementById('playhead');
  const seconds = Number(box.dataset.seconds);
  if (!waveform.peaks?.length) {
    note.textContent = `No waveform: ${waveform.reason ?? 'the recording is empty'}.`;
  } else {
    note.hidden = true;
  }

  let position = 0;
  const paint = () => {
    const ratio = devicePixelRatio || 1;
    const width = box.clientWidth;
    const height = 96;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    if (!waveform.peaks?.length) return;
    const style = getComputedStyle(box);
    const paper = canvas.getContext('2d');
    paper.scale(ratio, ratio);
    const loudest = Math.max(...waveform.peaks, 1);
    const share = waveform.covered / seconds;
    const step = 3;
    for (let x = 0; x < width * share; x += step) {
      const from = Math.floor((x / (width * share)) * waveform.peaks.length);
      const to = Math.max(from + 1, Math.floor(((x + step) / (width * share)) * waveform.peaks.length));
      const peak = Math.max(...waveform.peaks.slice(from, to));
      const rms = Math.max(...waveform.rms.slice(from, to));
      const played = x / width < position / seconds;
      for (const [level, colour] of [
        [peak, played ? '--wave-played-soft' : '--wave-soft'],
        [rms, played ? '--wave-played' : '--wave'],
      ]) {
        const tall = Math.max(1, (level / loudest) * (height - 8));
        paper.fillStyle = style.getPropertyValue(colour);
        paper.fillRect(x, (height - tall) / 2, step - 1, tall);
      }
    }
  };
  const place = (at) => {
    position = at;
    playhead.hidden = false;
    playhead.style.left = `${(100 * at) / seconds}%`;
    paint();
  };
  new ResizeObserver(paint).observe(box);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  paint();
  if (!heard) return;
  heard.onMove = place;
  place(heard.at());
  box.addEventListener('click', (event) => {
    const frame = box.getBoundingClientRect();
    heard.seekRecording(((event.clientX - frame.left) / frame.width) * seconds);
  });
}
