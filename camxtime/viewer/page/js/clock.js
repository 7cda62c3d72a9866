// The time line: which frame is shown now. Frame f of F at `fps` × `speed`; plays once, round, or bouncing.

export const LOOPS = ["once", "loop", "bounce"];

export class Clock {
  constructor(onframe, onstate = () => undefined) {
    this.onframe = onframe;
    this.onstate = onstate;
    this.frames = 1;
    this.fps = 12;
    this.speed = 1;
    this.loop = "loop";
    this.frame = 0;
    this.playing = false;
    this.request = 0;
  }

  /** Another clip: its frames and rate. The frame stays if the clip has it. */
  load(frames, fps) {
    this.frames = Math.max(1, frames);
    this.fps = fps;
    this.seek(Math.min(this.frame, this.frames - 1));
  }

  play() {
    if (this.playing || this.frames < 2) return;
    this.playing = true;
    const start = this.loop === "once" && this.frame === this.frames - 1 ? 0 : this.frame;
    this.position = start;
    this.last = null;
    this.request = requestAnimationFrame((now) => this.tick(now));
    this.onstate();
  }

  pause() {
    cancelAnimationFrame(this.request);
    if (!this.playing) return;
    this.playing = false;
    this.onstate();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Show frame f. */
  seek(frame) {
    this.frame = Math.min(this.frames - 1, Math.max(0, frame));
    this.position = this.frame;
    this.onframe(this.frame);
  }

  tick(now) {
    if (!this.playing) return;
    this.position += this.last === null ? 0 : ((now - this.last) / 1000) * this.fps * this.speed;
    this.last = now;
    const frame = this.shown();
    if (frame !== this.frame) {
      this.frame = frame;
      this.onframe(frame);
    }
    if (this.loop === "once" && this.position >= this.frames) this.pause();
    else this.request = requestAnimationFrame((next) => this.tick(next));
  }

  shown() {
    const step = Math.floor(this.position);
    if (this.loop === "once") return Math.min(step, this.frames - 1);
    if (this.loop === "loop") return step % this.frames;
    const period = 2 * (this.frames - 1);
    const folded = step % period;
    return folded < this.frames ? folded : period - folded;
  }
}
