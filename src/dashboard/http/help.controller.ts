import { NotFoundException, Param } from '@nestjs/common';
import { helpPage } from '../views/help-page.js';
import { DEPENDENCIES } from '../views/trouble-banner.js';
import { type HttpContext } from './http-context.js';
import { DashboardController, Http, Page } from './page.decorators.js';
import { PageContextService } from './page-context.service.js';

/** What to do about what the bridge cannot work without. */
@DashboardController('help')
export class HelpController {
  constructor(private readonly pages: PageContextService) {}

  @Page(':name')
  help(@Param('name') given: string, @Http() http: HttpContext): Promise<string> {
    const name = DEPENDENCIES.find((one) => one === given);
    if (name === undefined) throw new NotFoundException();
    return this.pages.show(http, (context, snapshot) => helpPage(context, snapshot, name));
  }
}
