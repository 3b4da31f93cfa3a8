// Seconds until something may be tried again.

export class Countdown {
  left = $state(0);
  #timer: ReturnType<typeof setInterval> | undefined;
  #end = 0;

  start(seconds: number): void {
    this.stop();
    if (seconds <= 0) return;
    this.#end = performance.now() + seconds * 1000;
    this.left = Math.ceil(seconds);
    this.#timer = setInterval(() => this.#tick(), 250);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.left = 0;
  }

  #tick(): void {
    this.left = Math.max(0, Math.ceil((this.#end - performance.now()) / 1000));
    if (this.left === 0) this.stop();
  }
}
