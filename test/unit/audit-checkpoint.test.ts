import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'chai';
import {
  checkpointHash,
  noCheckpoint,
  readCheckpoint,
  signCheckpoint,
  type Checkpoint,
} from '../../subscribers/audit/checkpoints/checkpoint.js';

describe('a checkpoint of the audit log', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const first: Checkpoint = {
    number: 1,
    previous: noCheckpoint,
    created_at: '2026-11-24T09:00:00.000Z',
    key: 'k',
    heads: [['alice', 5, 'ab'.repeat(32)]],
    forgotten: [],
  };
  const signed = signCheckpoint(first, privateKey);
  const second: Checkpoint = { ...first, number: 2, previous: checkpointHash(signed.body), forgotten: [['bob', 3]] };
  const begin = { number: 1, previous: noCheckpoint };

  it('is read as it was signed, one after the other', () => {
    expect(readCheckpoint(signed, begin, publicKey)).to.deep.equal(first);
    const next = { number: 2, previous: checkpointHash(signed.body) };
    expect(readCheckpoint(signCheckpoint(second, privateKey), next, publicKey)).to.deep.equal(second);
  });

  it('is refused when a byte of it changed, or another key signed it', () => {
    const what = 'it was not signed by this key';
    const forged = { ...signed, body: signed.body.replace('"alice",5', '"alice",4') };
    expect(readCheckpoint(forged, begin, publicKey)).to.equal(what);
    const other = signCheckpoint(first, generateKeyPairSync('ed25519').privateKey);
    expect(readCheckpoint(other, begin, publicKey)).to.equal(what);
  });

  it('is missed by its number, and cannot take the place of another', () => {
    const late = signCheckpoint(second, privateKey);
    expect(readCheckpoint(late, begin, publicKey)).to.equal('it is missing; the next one there is 2');
    expect(readCheckpoint({ ...late, number: 1 }, begin, publicKey)).to.equal('it was signed as number 2');
    const elsewhere = signCheckpoint({ ...second, previous: 'cd'.repeat(32) }, privateKey);
    const next = { number: 2, previous: checkpointHash(signed.body) };
    expect(readCheckpoint(elsewhere, next, publicKey)).to.equal('it does not build on the one before it');
  });
});
