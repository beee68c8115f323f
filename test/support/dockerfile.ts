import { type Copy, DockerfileParser, type From } from 'dockerfile-ast';

interface Instruction {
  name: string;
  /** Without its flags; continued lines are joined. */
  text: string;
  /** The stage that a COPY takes from; null where it takes from the build context. */
  from: string | null;
}
interface Stage {
  name: string;
  base: string;
  instructions: Instruction[];
}

/** Instructions of a Dockerfile by stage. @throws {Error} where there are some before the first FROM */
export function parseDockerfile(text: string): Stage[] {
  const stages: Stage[] = [];
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const name = instruction.getKeyword();
    if (name === 'FROM') {
      const from = instruction as From;
      stages.push({ name: from.getBuildStage() ?? '', base: from.getImage() ?? '', instructions: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage === undefined) throw new Error(`before the first FROM: ${name}`);
    const flag = name === 'COPY' ? (instruction as Copy).getFromFlag() : null;
    stage.instructions.push({
      name,
      text: instruction.getArgumentsContent() ?? '',
      from: flag?.getValue() ?? null,
    });
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
