/** One scrape of a `/metrics` page. */
export class Scrape {
  private readonly samples: { name: string; labels: string; value: number }[] = [];

  constructor(page: string) {
    for (const line of page.split('\n')) {
      const [, name, labels = '', value] = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? (\S+)/i.exec(line) ?? [];
      if (name !== undefined) this.samples.push({ name, labels, value: Number(value) });
    }
  }

  /** Sum over every sample of that name whose labels contain all the given texts (`outcome="processed"`). */
  sum(name: string, ...labels: string[]): number {
    return this.samples
      .filter((sample) => sample.name === name && labels.every((label) => sample.labels.includes(label)))
      .reduce((sum, sample) => sum + sample.value, 0);
  }
}
