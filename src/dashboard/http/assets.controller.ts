import { type ServerResponse } from 'node:http';
import { Controller, Get, NotFoundException, Param, Res, StreamableFile, UseFilters } from '@nestjs/common';
import { Assets } from './assets.js';
import { ErrorsFilter } from './errors.filter.js';

/** `GET /assets/<version>/<file>`: styles and scripts, without log-in. */
@Controller('assets')
@UseFilters(ErrorsFilter)
export class AssetsController {
  constructor(private readonly assets: Assets) {}

  @Get(':version/:name')
  read(
    @Param('version') version: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) response: ServerResponse,
  ): StreamableFile {
    const asset = this.assets.get(name);
    if (asset === undefined || `/assets/${version}` !== this.assets.path) throw new NotFoundException();
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    return new StreamableFile(asset.content, { type: asset.type, length: asset.content.length });
  }
}
