// The player: muted and level-limited at the start; keys and buttons for playing, seeking and comparing.

import { quietly } from './loudness.js';
import { sounds } from './sounds.js';

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

export function player(caseId) {
  const heard = sounds(caseId);
  if (!heard) return null;
  const { recording } = heard;
  const seconds = Number(document.getElementById('wave').dataset.seconds);
  const play = document.getElementById('play');
  const muteButton = document.getElementById('mute');
  const volume = document.getElementById('volume');
  const compare = document.getElementById('compare');
  const nowPlaying = document.querySelector('#now-playing strong');
  const marks = [...document.querySelectorAll('.mark')];
  const starts = [...new Set(marks.map((mark) => Number(mark.dataset.start)))].sort((a, b) => a - b);
  const level = quietly(heard.elements);
  for (const element of heard.elements) element.muted = true;
  level.volume(Number(volume.value) / 100);

  const caption = (button, text) => { button.firstChild.textContent = `${text} `; };
  const length = (element) => (Number.isFinite(element.duration) ? element.duration : Number(element.dataset.seconds));
  const self = {
    toggle: () => {
      if (!heard.current.paused) { heard.current.pause(); return; }
      level.open();
      heard.current.play().catch(() => {});
    },
    mute: () => {
      const muted = !heard.current.muted;
      if (!muted) level.open();
      for (const element of heard.elements) element.muted = muted;
    },
    seek: (to) => { heard.current.currentTime = Math.min(Math.max(to, 0), length(heard.current)); },
    skip: (by) => self.seek(heard.current.currentTime + by),
    compare: () => heard.switch(),
    evidence: (direction) => {
      heard.hear(recording);
      const now = recording.currentTime;
      const to = direction > 0 ? starts.find((at) => at > now + 0.05) : starts.findLast((at) => at < now - 0.6);
      if (to !== undefined) self.seek(to);
    },
    seekRecording: (to) => { heard.hear(recording); self.seek(to); },
    at: () => recording.currentTime,
    seconds,
    onMove: () => {},
  };

  const moved = () => {
    document.getElementById('time').textContent = `${clock(recording.currentTime)} / ${clock(length(recording))}`;
    if (heard.onReference) {
      document.getElementById('reference-time').textContent =
        `${clock(heard.current.currentTime)} / ${clock(length(heard.current))}`;
    }
    self.onMove(recording.currentTime);
  };
  for (const element of heard.elements) {
    element.addEventListener('timeupdate', moved);
    element.addEventListener('seeked', moved);
    element.addEventListener('play', () => {
      caption(play, 'Pause');
      const frame = () => { if (!element.paused) { self.onMove(recording.currentTime); requestAnimationFrame(frame); } };
      requestAnimationFrame(frame);
    });
    element.addEventListener('pause', () => { if (heard.current.paused) caption(play, 'Play'); });
    element.addEventListener('volumechange', () => {
      caption(muteButton, heard.current.muted ? 'Unmute' : 'Mute');
      muteButton.setAttribute('aria-pressed', String(heard.current.muted));
    });
  }
  heard.onSwitch = () => {
    compare?.setAttribute('aria-pressed', String(heard.onReference));
    const chosen = document.getElementById('reference')?.selectedOptions[0]?.textContent;
    if (nowPlaying) nowPlaying.textContent = heard.onReference ? chosen : 'the recording';
    caption(play, heard.current.paused ? 'Play' : 'Pause');
    moved();
  };
  play.addEventListener('click', self.toggle);
  muteButton.addEventListener('click', self.mute);
  compare?.addEventListener('click', self.compare);
  volume.addEventListener('input', () => level.volume(Number(volume.value) / 100));
  document.getElementById('evidence-back')?.addEventListener('click', () => self.evidence(-1));
  document.getElementById('evidence-on')?.addEventListener('click', () => self.evidence(1));
  for (const mark of marks) mark.addEventListener('click', () => self.seekRecording(Number(mark.dataset.start)));
  return self;
}
