// Nothing that comes out of the desk is louder than this share of full scale, whatever is in the recording:
// a compressor takes down what is loud, and a limiter behind it lets nothing past the ceiling.

export const CEILING = 0.5;

// A chain of nodes for `context` (also an OfflineAudioContext). Connect sources to `input`.
export function limited(context) {
  const input = context.createGain();
  const compressor = context.createDynamicsCompressor();
  compressor.threshold.value = -24;
  compressor.knee.value = 6;
  compressor.ratio.value = 12;
  compressor.attack.value = 0.003;
  compressor.release.value = 0.25;
  const ceiling = context.createWaveShaper();
  const points = 1025;
  ceiling.curve = Float32Array.from({ length: points }, (_, at) => {
    const level = (2 * at) / (points - 1) - 1;
    return Math.min(Math.max(level, -CEILING), CEILING);
  });
  input.connect(compressor).connect(ceiling).connect(context.destination);
  return input;
}

// Puts audio elements behind the limiter at the first sound (browsers allow none before a gesture). Until then,
// and where there is no WebAudio, the elements' own volume keeps them below the ceiling.
export function quietly(elements) {
  let input = null;
  let level = 0.25;
  const apply = () => {
    if (input) input.gain.value = level;
    for (const element of elements) element.volume = input ? 1 : level * CEILING;
  };
  return {
    open: () => {
      if (input || !globalThis.AudioContext) return;
      const context = new AudioContext();
      input = limited(context);
      for (const element of elements) context.createMediaElementSource(element).connect(input);
      context.resume().catch(() => {});
      apply();
    },
    volume: (share) => { level = Math.min(Math.max(share, 0), 1); apply(); },
  };
}
