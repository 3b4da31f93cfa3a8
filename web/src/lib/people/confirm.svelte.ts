// One question before something that cannot be taken back.

export interface Question {
  title: string;
  text: string;
  action: string;
}

class Confirm {
  asked = $state.raw<Question | undefined>(undefined);
  #answer: ((yes: boolean) => void) | undefined;

  ask(q: Question): Promise<boolean> {
    this.answer(false);
    this.asked = q;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  answer(yes: boolean): void {
    const resolve = this.#answer;
    this.#answer = undefined;
    this.asked = undefined;
    resolve?.(yes);
  }
}

export const confirmation = new Confirm();
export const confirm = (q: Question): Promise<boolean> => confirmation.ask(q);
