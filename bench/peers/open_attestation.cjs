// Times tt-verify or oa-verify in a warm process: node open_attestation.cjs tt|oa RPC ROUNDS CALLS; prints JSON.
// The DNS identity fragment is left out: it needs DNS over HTTPS.
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { ethers } = require('ethers');
const solc = require(join(__dirname, '../../contracts/node_modules/solc'));

const [kind, rpc, rounds, calls] = [process.argv[2], process.argv[3], +process.argv[4], +process.argv[5]];
const [wrapping, verifying] = kind === 'tt'
  ? [require('@tradetrust-tt/tradetrust'), require('@tradetrust-tt/tt-verify')]
  : [require('@govtechsg/open-attestation'), require('@govtechsg/oa-verify')];
// The first account of every throw-away chain, known to everybody.
const KEY = ethers.utils.HDNode.fromMnemonic('test test test test test test test test test test test junk')
  .derivePath("m/44'/60'/0'/0/0").privateKey;

// The doctor's licence of our own shape: twelve elements and a holder.
const certificate = (number, store) => ({
  id: `DOC-${number}`,
  $template: { name: 'main', type: 'EMBEDDED_RENDERER', url: 'https://example.com' },
  issuers: [{ name: '示例市卫生健康委员会', documentStore: store, identityProof: { type: 'DNS-TXT', location: 'example.com' } }],
  certificate: {
    ZSBM: `1109900000${String(number).padStart(5, '0')}`, XM: '李示例', XB: '1', CSRQ: '1988-03-07',
    SFZJH: '320599198803070011', ZGZSBM: '202099110320599198803070011', ZYLB: '01', ZYFW: '内科专业',
    ZYDD: '江苏省示例市示例区', ZYJG: '示例市第一示例医院', FZJG: '示例市卫生健康委员会', FZRQ: '2024-01-15',
  },
});

function compiled() {
  const input = {
    language: 'Solidity',
    sources: { store: { content: readFileSync(join(__dirname, 'DocumentStore.sol'), 'utf8') } },
    settings: { outputSelection: { '*': { DocumentStore: ['abi', 'evm.bytecode.object'] } } },
  };
  const { abi, evm } = JSON.parse(solc.compile(JSON.stringify(input))).contracts.store.DocumentStore;
  return { abi, bytecode: evm.bytecode.object };
}

async function main() {
  const provider = new ethers.providers.StaticJsonRpcProvider(rpc, 31337);
  provider.pollingInterval = 20;
  const { abi, bytecode } = compiled();
  const store = await new ethers.ContractFactory(abi, bytecode, new ethers.Wallet(KEY, provider)).deploy();
  await store.deployed();
  const documents = wrapping.wrapDocuments([...Array(1000).keys()].map((n) => certificate(n, store.address)));
  await (await store.issue(`0x${documents[0].signature.merkleRoot}`)).wait();
  const fragments = [
    verifying.openAttestationHash,
    verifying.openAttestationEthereumTokenRegistryStatus,
    verifying.openAttestationEthereumDocumentStoreStatus,
  ];
  const verify = verifying.verificationBuilder(fragments, { provider });
  const found = (await verify(documents[5])).map((fragment) => fragment.status);
  if (found[0] !== 'VALID' || found[2] !== 'VALID') throw new Error(found.join(' '));
  const taken = [];
  for (let round = 0; round < rounds; round += 1) {
    const begun = process.hrtime.bigint();
    for (let call = 0; call < calls; call += 1) await verify(documents[(round * calls + call) % 1000]);
    taken.push(Number(process.hrtime.bigint() - begun) / 1e9 / calls);
  }
  taken.sort((a, b) => a - b);
  console.log(JSON.stringify({ seconds: taken[taken.length >> 1] }));
}

main().then(() => process.exit(0), (fault) => { console.error(fault); process.exit(1); });
