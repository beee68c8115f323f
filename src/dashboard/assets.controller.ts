import { type ServerResponse } from 'node:http';
import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Param,
  Res,
  StreamableFile,
  UseFilters,
} from '@nestjs/common';
import { Assets } from './assets.js';
import { Failures } from './failures.js';

/** `GET /assets/<version>/<file>`: styles and scripts, for anybody. */
@Controller('assets')
@UseFilters(Failures)
export class AssetsController {
  constructor(@Inject(Assets) private readonly assets: Assets) {}

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
