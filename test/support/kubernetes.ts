import { join } from 'node:path';
import ts from 'typescript';

/** What every manifest says of itself. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

const root = join(import.meta.dirname, '../..');

/**
 * What is wrong with manifests by Kubernetes' published types: each is compiled as a literal of its type, which refuses
 * unknown fields, wrong types and missing ones. By file name; empty when all is well.
 */
export function faultsOf(manifests: Readonly<Record<string, Manifest>>): string[] {
  const names = Object.keys(manifests);
  const code = names
    .map((name, index) => {
      const manifest = manifests[name];
      if (manifest === undefined) throw new Error(`no manifest ${name}`);
      const { apiVersion, kind } = manifest;
      const [group = '', version = ''] = apiVersion.includes('/')
        ? apiVersion.split('/')
        : ['core', apiVersion];
      const [room = ''] = group.split('.');
      return `export const m${index}: import('kubernetes-types/${room}/${version}').${kind} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const file = join(root, 'manifests.ts');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    lib: ['lib.es5.d.ts'],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = { ...host };
  host.fileExists = (name) => name === file || onDisk.fileExists(name);
  host.readFile = (name) => (name === file ? code : onDisk.readFile(name));
  host.getSourceFile = (name, ...rest) =>
    name === file
      ? ts.createSourceFile(name, code, ts.ScriptTarget.ES2022)
      : onDisk.getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((fault) => {
    const text = ts.flattenDiagnosticMessageText(fault.messageText, ' ');
    const line =
      fault.file?.fileName === file ? fault.file.getLineAndCharacterOfPosition(fault.start ?? 0).line : -1;
    return `${names[line] ?? fault.file?.fileName ?? ''}: ${text}`;
  });
}
