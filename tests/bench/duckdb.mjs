// SPDX-License-Identifier: GPL-3.0-or-later
// Runs statements in an in-memory DuckDB with so many threads:
//
//     node duckdb.mjs FOLDER THREADS SQL
//
// FOLDER is where npm put node_modules/@duckdb/node-api.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [folder, threads, sql] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(resolve(folder, 'duckdb.mjs'))('@duckdb/node-api');
const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
await connection.run(`set threads = ${Number(threads)}`);
await connection.run(sql);
