import { ownService } from './own-programs.mjs';

/** The service in a process that only ends when nothing keeps it, as in an application of one's own. */
const Service = await ownService();
const service = await Service.create({ env: process.env });
process.once('SIGTERM', () => {
  void service
    .stop()
    .then(() => process.stdout.write(`left: ${process.getActiveResourcesInfo().join(' ')}\n`));
});
await service.start();
