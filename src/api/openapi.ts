import { type INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ApiModule } from './api.module.js';
import { ROOT } from './http/api.decorators.js';
import { MAX_PAGE } from './http/schemas.js';

const DESCRIPTION = `Looks at a bridge and operates it: portals, events, queues, who did what.

Send one of the tokens of \`API_TOKEN\` as \`Authorization: Bearer <secret>\`. One whose right is \`read\` looks; \`operate\`
may change something, too. Lists come in pages of at most ${MAX_PAGE}: ask for the next with \`cursor\` = \`next\`. Errors are
\`application/problem+json\` (RFC 9457); \`type\` is stable.`;

/** What the code of the API says of itself. docs/openapi.json is this, and is what a running service serves. */
export function openapiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Bitrix24 offline bridge')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer('http://127.0.0.1:3000', 'The service on this machine.')
    .addBearerAuth({ type: 'http', scheme: 'bearer' }, 'token')
    .addTag('portals', 'Where the application is installed.')
    .addTag('events', 'What portals have announced, and what became of it.')
    .addTag('queues', 'Events at RabbitMQ that no consumer has processed, and having them delivered again.')
    .addTag('audit', 'Who did what.')
    .addTag('service', 'The service itself.')
    .build();
  const document = SwaggerModule.createDocument(app, config, { include: [ApiModule] });
  const paths = Object.entries(document.paths).filter(([path]) => path.startsWith(`/${ROOT}/`));
  return { ...document, paths: Object.fromEntries(paths) };
}
