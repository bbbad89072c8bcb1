// Runs ClickHouse's engine, the library chdb, on a folder: POST / with a statement gives its answer as Native blocks, or the
// engine's message with status 500. One statement at a time. The first line on standard output is the address; the end of
// standard input ends it.
//
//   node engine.mjs FOLDER
import { createServer } from 'node:http';
import { Session } from 'chdb';

const session = new Session(process.argv[2]);

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

let last = Promise.resolve();

// inTurn runs one statement after the other: they share the database that USE chose.
function inTurn(run) {
  last = last.then(run, run);
  return last;
}

const server = createServer(async (request, response) => {
  const statement = await body(request);
  try {
    const result = await inTurn(() => session.queryAsync(statement, { format: 'Native' }));
    response.end(Buffer.from(result.bytes()));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error.message));
  }
});

server.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.on('end', () => process.exit(0));
process.stdin.resume();
