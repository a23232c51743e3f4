// Calls the visitor when a picture is done while they look elsewhere: a short sound, a notification.

export class Attention {
  call(text, withSound, withNotification) {
    if (withSound) this.play();
    if (withNotification && document.hidden) this.notify(text);
  }

  /** Two soft notes. */
  play() {
    this.audio ??= new AudioContext();
    const start = this.audio.currentTime;
    for (const [frequency, delay] of [[660, 0], [880, 0.12]]) {
      const note = new OscillatorNode(this.audio, {frequency});
      const loudness = new GainNode(this.audio, {gain: 0});
      loudness.gain.setValueAtTime(0.08, start + delay);
      loudness.gain.exponentialRampToValueAtTime(0.001, start + delay + 0.3);
      note.connect(loudness).connect(this.audio.destination);
      note.start(start + delay);
      note.stop(start + delay + 0.3);
    }
  }

  async notify(text) {
    if (Notification.permission === 'default') await Notification.requestPermission();
    if (Notification.permission === 'granted') new Notification('Palimpsest', {body: text});
  }
}
