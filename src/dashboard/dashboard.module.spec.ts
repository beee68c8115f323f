import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DashboardModule } from './dashboard.module.js';

/** A path, `portals/:name`, by what all below it have in common. */
const top = (path: string) => `/${path.split('/').find((part) => part !== '') ?? ''}`;

/** What Nest has noted as the path of a controller, or of one of its methods. */
const pathOf = (decorated: object): unknown => Reflect.getMetadata(PATH_METADATA, decorated);

describe('the dashboard in an application of your own', () => {
  it('takes the paths that its page lists, for whoever excludes them from a global prefix, and no others', () => {
    const { controllers = [] } = DashboardModule.of({ module: class Bridge {} });
    const served = controllers.flatMap((controller) => {
      return Object.values(Object.getOwnPropertyDescriptors(controller.prototype))
        .map(({ value }: PropertyDescriptor): unknown => value)
        .filter((method) => typeof method === 'function')
        .map((method) => pathOf(method))
        .filter((path) => typeof path === 'string')
        .map((path) => top(`${String(pathOf(controller))}/${path}`));
    });
    const page = readFileSync(join(import.meta.dirname, '../../docs/module.md'), 'utf8');
    const [, list = ''] = /^- It needs Express, and the paths ([^.]*)\.$/m.exec(page) ?? [];
    const listed = [...list.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    expect(listed.sort()).toEqual([...new Set(served)].sort());
  });
});
