// The answers of Grafana's API that the container test asks for, of the dashboards that are mounted as for Grafana itself.
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const FOLDER = '/etc/grafana/dashboards';
const dashboards = readdirSync(FOLDER).map((name) => JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')));
const answers = {
  '/api/health': { database: 'ok', version: 'stand-in' },
  '/api/search': dashboards.map(({ uid, title }) => ({ uid, title, type: 'dash-db' })),
};
createServer((request, response) => {
  const answer = answers[request.url?.split('?')[0] ?? ''];
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { message: 'Not found' }));
}).listen(3000);
