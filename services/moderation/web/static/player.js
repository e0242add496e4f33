// The recording: muted and quiet at the start, its outline drawn with the playhead and the evidence under it.

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

export function player() {
  const audio = document.getElementById('audio');
  if (!audio) return null;
  const seconds = Number(document.getElementById('wave').dataset.seconds);
  const play = document.getElementById('play');
  const muteButton = document.getElementById('mute');
  const volume = document.getElementById('volume');
  const marks = [...document.querySelectorAll('.mark')];
  const starts = [...new Set(marks.map((mark) => Number(mark.dataset.start)))].sort((a, b) => a - b);
  audio.muted = true;
  audio.volume = Number(volume.value) / 100;

  const caption = (button, text) => { button.firstChild.textContent = `${text} `; };
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : seconds);
  const self = {
    toggle: () => (audio.paused ? audio.play().catch(() => {}) : audio.pause()),
    mute: () => { audio.muted = !audio.muted; },
    seek: (to) => { audio.currentTime = Math.min(Math.max(to, 0), length()); },
    skip: (by) => self.seek(audio.currentTime + by),
    evidence: (direction) => {
      const now = audio.currentTime;
      const to = direction > 0 ? starts.find((at) => at > now + 0.05) : starts.findLast((at) => at < now - 0.6);
      if (to !== undefined) self.seek(to);
    },
    at: () => audio.currentTime,
    seconds,
    onMove: () => {},
  };

  const moved = () => {
    document.getElementById('time').textContent = `${clock(audio.currentTime)} / ${clock(length())}`;
    self.onMove(audio.currentTime);
  };
  audio.addEventListener('timeupdate', moved);
  audio.addEventListener('seeked', moved);
  audio.addEventListener('play', () => {
    caption(play, 'Pause');
    const frame = () => { if (!audio.paused) { self.onMove(audio.currentTime); requestAnimationFrame(frame); } };
    requestAnimationFrame(frame);
  });
  audio.addEventListener('pause', () => caption(play, 'Play'));
  audio.addEventListener('volumechange', () => {
    caption(muteButton, audio.muted ? 'Unmute' : 'Mute');
    muteButton.setAttribute('aria-pressed', String(audio.muted));
  });
  audio.addEventListener('error', () => { document.getElementById('audio-fault').hidden = false; });
  play.addEventListener('click', self.toggle);
  muteButton.addEventListener('click', self.mute);
  volume.addEventListener('input', () => { audio.volume = Number(volume.value) / 100; });
  document.getElementById('evidence-back')?.addEventListener('click', () => self.evidence(-1));
  document.getElementById('evidence-on')?.addEventListener('click', () => self.evidence(1));
  for (const mark of marks) mark.addEventListener('click', () => self.seek(Number(mark.dataset.start)));
  return self;
}

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
    heard.seek(((event.clientX - frame.left) / frame.width) * seconds);
  });
}
