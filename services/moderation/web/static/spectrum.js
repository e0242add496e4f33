// The spectrum with the detector's regular peaks marked: what "spectral teeth" looks like in this recording.

const LOWEST_DB = -100;
const HEIGHT = 150;

const kilohertz = (hz) => `${(hz / 1000).toFixed(hz < 10_000 ? 1 : 0)} kHz`;

function words(found) {
  if (!found.spacing_hz) return 'The detector found no regular comb of peaks. The line is the mean level of the recording.';
  const evident = found.teeth.filter((tooth) => tooth.evident);
  return `The detector found peaks every ${found.spacing_hz.toFixed(1)} Hz. ${evident.length} of the ${found.teeth.length} `
    + 'places where one would be stand 3 dB or more above what is around them (marked, evident ones in full height).';
}

export function drawSpectrum(found) {
  const card = document.getElementById('spectrum');
  if (!card || !found.levels?.length) return;
  card.hidden = false;
  const canvas = document.getElementById('spectrum-canvas');
  document.getElementById('spectrum-words').textContent = words(found);
  document.getElementById('spectrum-scale').textContent = `mean level, ${LOWEST_DB} to 0 dB`;
  const [, middle, end] = document.querySelectorAll('#spectrum-hz span');
  middle.textContent = kilohertz(found.to_hz / 2);
  end.textContent = kilohertz(found.to_hz);

  const paint = () => {
    const ratio = devicePixelRatio || 1;
    const width = card.clientWidth - 36;
    canvas.style.width = `${width}px`;
    canvas.width = width * ratio;
    canvas.height = HEIGHT * ratio;
    const style = getComputedStyle(card);
    const paper = canvas.getContext('2d');
    paper.scale(ratio, ratio);
    const x = (hz) => (hz / found.to_hz) * width;
    const y = (db) => 4 + (Math.min(0, Math.max(db, LOWEST_DB)) / LOWEST_DB) * (HEIGHT - 8);
    const line = (levels) => {
      paper.beginPath();
      levels.forEach((db, at) => paper.lineTo(((at + 0.5) / levels.length) * width, y(db)));
      paper.stroke();
    };
    for (const tooth of found.teeth) {
      paper.fillStyle = style.getPropertyValue(tooth.evident ? '--alarm' : '--line-strong');
      paper.globalAlpha = tooth.evident ? 0.45 : 0.35;
      paper.fillRect(x(tooth.hz) - 0.75, tooth.evident ? 0 : HEIGHT - 8, 1.5, tooth.evident ? HEIGHT : 8);
    }
    paper.globalAlpha = 1;
    paper.lineWidth = 1;
    paper.strokeStyle = style.getPropertyValue('--line-strong');
    line(found.floor);
    paper.lineWidth = 1.4;
    paper.strokeStyle = style.getPropertyValue('--accent');
    line(found.levels);
    if (found.bandwidth_hz) {
      paper.setLineDash([4, 4]);
      paper.strokeStyle = style.getPropertyValue('--soft');
      paper.beginPath();
      paper.moveTo(x(found.bandwidth_hz), 0);
      paper.lineTo(x(found.bandwidth_hz), HEIGHT);
      paper.stroke();
      paper.setLineDash([]);
    }
  };
  new ResizeObserver(paint).observe(card);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  paint();
}
