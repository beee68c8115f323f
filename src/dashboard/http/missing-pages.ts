import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type ArgumentsHost, Catch, Injectable, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import { LANGUAGES, type Language } from '../../i18n/language.js';
import { wordsIn } from '../html/words.js';
import { errorPage } from '../views/error-page.js';
import { Assets } from './assets.js';
import { languageOf } from './language-of.js';
import { pageHeaders } from './pages.middleware.js';

/** The page for an address that leads nowhere, drawn once a language: strangers ask for those by the thousand. */
@Injectable()
export class MissingPages {
  private readonly pages: ReadonlyMap<Language, Buffer>;

  constructor(assets: Assets) {
    this.pages = new Map(
      LANGUAGES.map((language) => [
        language,
        Buffer.from(errorPage(assets.path, wordsIn(language), 404).text),
      ]),
    );
  }

  /** Answers a browser; false, with nothing done, for whoever asks for no page. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, headers } = request;
    if (method !== 'GET' || headers.accept?.includes('text/html') !== true || response.headersSent)
      return false;
    const page = this.pages.get(languageOf(request));
    pageHeaders(request, response, () => undefined);
    response.statusCode = 404;
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end(page);
    return true;
  }
}

/** For the whole application: {@link MissingPages} where no controller has an answer. */
@Catch(NotFoundException)
export class MissingPagesFilter extends BaseExceptionFilter {
  constructor(
    { httpAdapter }: HttpAdapterHost,
    private readonly missing: MissingPages,
  ) {
    super(httpAdapter);
  }

  override catch(error: NotFoundException, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const answered = this.missing.answer(
      http.getRequest<IncomingMessage>(),
      http.getResponse<ServerResponse>(),
    );
    if (!answered) super.catch(error, host);
  }
}
