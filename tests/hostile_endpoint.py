"""A validator's two doors on a real socket, over a chain signed by keys of our own; every answer can be bent.

The chain is told as four validators would tell it: headers, commits, results, storage proofs, receipts. `Endpoint.bend`
sees each question with its honest answer and returns what is answered instead; `Endpoint.pour` writes the bytes itself.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import eth_abi
from eth_hash.auto import keccak

from ecert.domain.merkle import Tree
from ledger.drivers import calls
from ledger.evidence.checker import bytes_field, number_field
from ledger.port import Account, Call
from tests.signed_chain import SignedChain, validators_answer

if TYPE_CHECKING:
    import ssl

CHAIN = 31
CONSORTIUM = b"\xc0" * 20
CLERK = calls.account(keccak(b"clerk"))
GRANTED = keccak(b"AccountSet(uint32,bytes32,address,bool)")
REVERTED = keccak(b"ConsortiumNotMember(address)")[:4] + bytes(32)


@dataclass(frozen=True)
class Transaction:
    """A transaction with what it does: one AccountSet of the Consortium, or a refusal."""

    raw: bytes
    grants: bytes | None
    sender: Account = CLERK

    @property
    def hash(self) -> bytes:
        return keccak(self.raw)

    @property
    def payload(self) -> bytes:
        return eth_abi.encode(["uint32", "bytes32", "address", "bool"], [31, bytes(32), self.grants, True])

    @property
    def response(self) -> bytes:
        told = bytes_field(1, ("0x" + self.hash.hex()).encode())
        if self.grants is None:
            return told + bytes_field(3, REVERTED) + bytes_field(4, b"execution reverted") + number_field(5, 21_000)
        log = bytes_field(1, ("0x" + CONSORTIUM.hex()).encode()) + bytes_field(2, ("0x" + GRANTED.hex()).encode())
        return told + bytes_field(2, log + bytes_field(3, self.payload)) + number_field(5, 21_000)

    @property
    def result(self) -> dict[str, Any]:
        packed = bytes_field(1, b"/cosmos.evm.vm.v1.MsgEthereumTxResponse") + bytes_field(2, self.response)
        return {"code": 0, "data": base64.b64encode(bytes_field(2, packed)).decode(), "gas_used": "7", "log": "x"}

    @property
    def wrapped(self) -> bytes:
        message = bytes_field(5, self.sender.address) + bytes_field(6, self.raw)
        packed = bytes_field(1, b"/cosmos.evm.vm.v1.MsgEthereumTx") + bytes_field(2, message)
        return bytes_field(1, bytes_field(1, packed))


def grant(nonce: int, account: bytes | None) -> Transaction:
    """Write transaction `nonce` of the clerk; `account` None is refused by the contract."""
    call = Call("Consortium", CONSORTIUM, "setAccount", (31, bytes(32), account or bytes(20), True))
    signed = calls.sign(CLERK, chain_id=CHAIN, nonce=nonce, gas=120_000, to=CONSORTIUM, payload=calls.encode_call(call))
    return Transaction(signed.raw, account)


@dataclass
class ToldChain(SignedChain):
    """A chain of `top` blocks; `transactions` by height. The Consortium's slots 0 and 1 are all the state there is."""

    transactions: dict[int, list[Transaction]] = field(default_factory=dict)
    top: int = 12

    def header(self, height: int, **changes: object) -> dict[str, Any]:
        told = {
            "data_hash": _root([sha256(each.wrapped).digest() for each in self.transactions.get(height, [])]),
            "last_results_hash": _root([_leaf(each.result) for each in self.transactions.get(height - 1, [])]),
            "app_hash": self.stores(height - 1)[0].hex().upper(),
        }
        return super().header(height, **{**told, **changes})

    def slots(self, height: int) -> tuple[bytes, bytes]:
        """Count the events up to a block, and their running hash."""
        count, running = 0, bytes(32)
        for number in range(1, height + 1):
            for each in self.transactions.get(number, []):
                if each.grants is not None:
                    count, running = count + 1, keccak(running + GRANTED + keccak(each.payload))
        return count.to_bytes(32, "big"), running

    def stores(self, height: int) -> tuple[bytes, list[dict[str, Any]]]:
        """Return the application hash after a block, and the proofs of slots 0 and 1 (ICS 23 over two leaves)."""
        values = [value if any(value) else b"\x01" * 32 for value in self.slots(height)]
        keys = [b"\x02" + CONSORTIUM + bytes(31) + bytes([slot]) for slot in (0, 1)]
        prefix = b"\x00\x02\x02"
        leaves = [
            sha256(prefix + bytes([len(key)]) + key + b"\x20" + sha256(value).digest()).digest()
            for key, value in zip(keys, values, strict=True)
        ]
        inner = b"\x02\x04\x02\x20"
        root = sha256(inner + leaves[0] + b"\x20" + leaves[1]).digest()
        steps = [(inner, b"\x20" + leaves[1]), (inner + leaves[0] + b"\x20", b"")]
        proofs = []
        for key, value, (before, after) in zip(keys, values, steps, strict=True):
            step = bytes_field(4, number_field(1, 1) + bytes_field(2, before) + bytes_field(3, after))
            tree = bytes_field(1, key) + bytes_field(2, value) + bytes_field(3, bytes_field(5, prefix)) + step
            store = bytes_field(1, b"evm") + bytes_field(2, root) + bytes_field(3, bytes_field(5, b"\x00"))
            proofs.append({"tree": bytes_field(1, tree), "store": bytes_field(1, store)})
        return sha256(b"\x00\x03evm\x20" + sha256(root).digest()).digest(), proofs


class Endpoint:
    """One validator that listens on loopback until `close`."""

    def __init__(self, chain: ToldChain, *, tls: ssl.SSLContext | None = None) -> None:
        self.chain = chain
        self.top = chain.top
        self.at_once = 10
        self.requests = 0
        self.asked: list[str] = []
        self.received: list[bytes] = []
        self.bend: Callable[[str, Any, Any], Any] = lambda _method, _params, honest: honest
        self.pour: Callable[[BaseHTTPRequestHandler], None] | None = None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._doors())
        self._server.daemon_threads = True
        scheme = "http"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, method: str, params: Any) -> Any:  # noqa: ANN401, PLR0911 - JSON; one return a method
        """Answer as an honest validator; LookupError for what it does not have."""
        params = params if isinstance(params, dict) else list(params)
        match method:
            case "commit":
                return self.chain.commit(self._held(params.get("height", self.top)))
            case "validators":
                return validators_answer(self.chain.signers(int(params["height"])))
            case "blockchain":
                heights = range(self._held(params["maxHeight"]), int(params["minHeight"]) - 1, -1)
                return {"block_metas": [self.chain.commit(each)["signed_header"] for each in heights]}
            case "block_results":
                found = self.chain.transactions.get(self._held(params["height"]))
                return {"txs_results": [each.result for each in found] if found else None}
            case "block":
                found = self.chain.transactions.get(self._held(params["height"]), [])
                return {"block": {"data": {"txs": [base64.b64encode(each.wrapped).decode() for each in found]}}}
            case "abci_query":
                return self._state(params)
            case "status":
                return {"sync_info": {"latest_block_height": str(self.top)}}
            case _:
                return self._eth(method, params)

    def _eth(self, method: str, params: list[Any]) -> Any:  # noqa: ANN401 - JSON
        match method, params:
            case "eth_chainId", _:
                return hex(CHAIN)
            case "eth_getTransactionCount", [_, block]:
                return hex(self._count(self._held(int(block, 16))))
            case "eth_getTransactionReceipt", [wanted]:
                return next(({"blockNumber": hex(n)} for n, t in self._all() if "0x" + t.hash.hex() == wanted), None)
            case "eth_sendRawTransaction", [raw]:
                self.received.append(bytes.fromhex(raw[2:]))
                return "0x" + keccak(self.received[-1]).hex()
            case "eth_call", [call, block]:
                self._held(int(block, 16))
                return "0x" + (7).to_bytes(32, "big").hex() if call["to"] == "0x" + CONSORTIUM.hex() else "0x"
            case "eth_getCode", [address, _]:
                return "0x60" if address == "0x" + CONSORTIUM.hex() else "0x"
        raise LookupError(method)

    def _state(self, params: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        proof = self.chain.stores(self._held(params["height"]))[1][int(params["data"][-1])]
        names = (("ics23:iavl", "tree"), ("ics23:simple", "store"))
        ops = [{"type": kind, "data": base64.b64encode(proof[name]).decode()} for kind, name in names]
        return {"response": {"code": 0, "proofOps": {"ops": ops}}}

    def _all(self) -> list[tuple[int, Transaction]]:
        return [(n, each) for n, found in self.chain.transactions.items() if n <= self.top for each in found]

    def _count(self, height: int) -> int:
        return sum(number <= height for number, _ in self._all())

    def _held(self, height: object) -> int:
        if int(str(height)) > self.top:
            raise LookupError(f"height {height} must be less than or equal to {self.top}")
        return int(str(height))

    def _doors(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                with suppress(OSError):
                    asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    several = asked if isinstance(asked, list) else [asked]
                    endpoint.requests += 1
                    endpoint.asked += [each["method"] for each in several]
                    if endpoint.pour is not None:
                        endpoint.pour(self)
                        self.close_connection = True
                        return
                    body = json.dumps(endpoint.answered(asked)).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Door

    def answered(self, asked: Any) -> Any:  # noqa: ANN401 - JSON
        """Answer one question, or several in one request (JSON-RPC 2.0, section 6)."""
        if not isinstance(asked, list):
            return self._told(asked["method"], asked["params"])
        if len(asked) > self.at_once:
            return {"error": {"code": -32600, "message": "Invalid Request", "data": "batch request exceeds maximum"}}
        return [{"id": each["id"], **self._told(each["method"], each["params"])} for each in reversed(asked)]

    def _told(self, method: str, params: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        try:
            honest = self.answer(method, params)
        except LookupError as fault:
            return {"error": {"code": -1, "message": str(fault), "data": None}}
        return {"result": self.bend(method, params, json.loads(json.dumps(honest)))}


def _leaf(result: dict[str, Any]) -> bytes:
    return bytes_field(2, base64.b64decode(result["data"])) + number_field(6, int(result["gas_used"]))


def _root(leaves: list[bytes]) -> str:
    return Tree(leaves).root.hex().upper()
