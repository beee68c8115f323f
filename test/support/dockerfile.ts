export interface Instruction {
  name: string;
  text: string;
}
export interface Stage {
  name: string;
  base: string;
  instructions: Instruction[];
}

/** Instructions of a Dockerfile by stage, continued lines joined, comments left out. */
export function parseDockerfile(text: string): Stage[] {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\s*\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`not an instruction: ${line}`);
    if (name === 'FROM') {
      const [, base = '', as = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      stages.push({ name: as, base, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`before the first FROM: ${line}`);
      stage.instructions.push({ name, text: rest });
    }
  }
  return stages;
}

/** @throws {Error} when there is no stage of that name */
export function stageNamed(stages: readonly Stage[], name: string): Stage {
  const found = stages.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no stage ${name}`);
  return found;
}

/** What the last instruction of this name says: of USER, CMD and the like only the last one counts. */
export function lastOf(stage: Stage, name: string): string | undefined {
  return stage.instructions.filter((one) => one.name === name).at(-1)?.text;
}
