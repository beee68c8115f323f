import { type ServerResponse } from 'node:http';
import {
  BadRequestException,
  Controller,
  Post,
  Redirect,
  Req,
  Res,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { asLanguage } from '../../i18n/language.js';
import { ownPath } from '../session/own-path.js';
import { type DashboardRequest, fieldsOf, textField } from '../session/dashboard-request.js';
import { OpenToAll, SessionGuard } from '../session/session.guard.js';
import { ErrorsFilter } from './errors.filter.js';
import { languageCookie } from './language-of.js';

/** `POST /language`: keeps the language that a user chose, logged in or not, and leads back to the page. */
@Controller('language')
@UseGuards(SessionGuard)
@UseFilters(ErrorsFilter)
export class LanguageController {
  @Post()
  @OpenToAll()
  @Redirect('/', 303)
  choose(
    @Req() request: DashboardRequest,
    @Res({ passthrough: true }) response: ServerResponse,
  ): { url: string } {
    const fields = fieldsOf(request.body);
    const language = asLanguage(textField(fields, 'language'));
    if (language === null) throw new BadRequestException();
    response.appendHeader('Set-Cookie', languageCookie(request, language));
    return { url: ownPath(textField(fields, 'back')) };
  }
}
