/*
 * The sounds of alerts, made by the browser itself: no file has to arrive before one can be heard.
 *
 * A priority is told by rhythm first, then by pitch and loudness, since pitch is what a worn loudspeaker or an ear loses.
 * The patterns are proposals. They claim no conformance with IEC 60601-1-8, and are kept unlike a monitor's own alarm on
 * purpose: the bedside monitor is primary, and nobody may take this sound for it.
 */

// `tones` are [pitch in Hz, begins after s, lasts s]; `everyMs`: how often the pattern comes again. Proposals.
export const PATTERNS = {
  high: {
    loudness: 0.9,
    everyMs: 4000,
    tones: [[880, 0, 0.13], [880, 0.2, 0.13], [880, 0.4, 0.13], [1047, 0.8, 0.13], [1047, 1, 0.13]],
  },
  medium: {
    loudness: 0.6,
    everyMs: 10000,
    tones: [[659, 0, 0.22], [659, 0.42, 0.22], [523, 0.84, 0.22]],
  },
  low: { loudness: 0.35, everyMs: 30000, tones: [[440, 0, 0.5]] },
  // No event has come for too long: two long tones that fall.
  lost: { loudness: 0.7, everyMs: 10000, tones: [[523, 0, 0.6], [349, 0.75, 0.6]] },
};

// A tone that began at full height would click.
const RISE_S = 0.02;

export class Sounder {
  constructor() {
    this.context = null;
  }

  /* Whether a sound would be heard as far as the browser knows. */
  get isReady() {
    return this.context !== null && this.context.state === "running";
  }

  get isPossible() {
    return typeof window.AudioContext === "function";
  }

  /* Ask the browser; it says yes only after somebody has touched the page, and until then it answers nothing. */
  ask(whenReady) {
    if (!this.isPossible) return;
    if (this.context === null) {
      this.context = new AudioContext();
      this.context.addEventListener("statechange", whenReady);
    }
    if (!this.isReady) this.context.resume().then(whenReady, whenReady);
  }

  hush() {
    this.context?.suspend();
  }

  play(name) {
    if (!this.isReady) return;
    const { loudness, tones } = PATTERNS[name];
    const start = this.context.currentTime + 0.02;
    for (const [pitch, after, lasts] of tones) this.#tone(pitch, loudness, start + after, lasts);
  }

  #tone(pitch, loudness, from, lasts) {
    const source = this.context.createOscillator();
    const volume = this.context.createGain();
    source.type = "triangle";
    source.frequency.value = pitch;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(loudness, from + RISE_S);
    volume.gain.setValueAtTime(loudness, from + lasts - RISE_S);
    volume.gain.linearRampToValueAtTime(0, from + lasts);
    source.connect(volume).connect(this.context.destination);
    source.start(from);
    source.stop(from + lasts);
  }
}
