// What the worker has been asked for and has not sent yet. Where it fails, all that is refused.

type Waiting<A> = { resolve: (answer: A) => void; reject: (error: Error) => void };

export class Answers<A extends object> {
  private last = 0;
  private readonly waiting = new Map<number, Waiting<A>>();

  /** `send` is given the request's number. Rejects with a sentence. */
  to(send: (request: number) => void): Promise<A> {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.last, { resolve, reject });
      send(this.last);
    });
  }

  came({ request, answer }: { request: number; answer: A | { error: string } }): void {
    const asked = this.waiting.get(request);
    this.waiting.delete(request);
    if ("error" in answer) asked?.reject(new Error(answer.error));
    else asked?.resolve(answer);
  }

  refuseAll(why: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(why));
    this.waiting.clear();
  }
}
