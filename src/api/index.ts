/** What an application takes to serve the API of its bridge; apart from the rest, as what describes it takes 18 MB. */
export { ApiModule } from './api.module.js';
