"""The shelf in Redis.

``trackgate:fingerprints:track:<id>``        hash: its number, what the delivery said, the fingerprint
``trackgate:fingerprints:numbers``           hash: track id by number
``trackgate:fingerprints:standing``          hash by track id: sequence, removed now, ever removed
``trackgate:fingerprints:same:<sha256>``     sorted set: tracks with this file, or these samples, by delivery
``trackgate:fingerprints:words:<bucket>``    string of 8-byte entries: number, position, rest of the word
``trackgate:fingerprints:removed-same:…``, ``…:removed-words:…``  the same of tracks that were ever removed

``trackgate:fingerprints:kept``              set: tracks that were ever removed

A word of 32 bits is spread by a multiplication that loses nothing: 20 bits name the bucket, 12 stand in the
entry. A full bucket takes no more: the earliest deliveries stay findable, and removed ones have buckets of
their own, so that nobody hides a removed recording behind many copies of it. They are few, and are looked for
harder: by all of their words, and by words that differ in one bit (a copy at another speed keeps hardly one
word). Of every delivery, a quarter of the words is kept: 3 KB for three minutes, beside the 6 KB of the
fingerprint.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import cast

import numpy as np
from numpy.typing import NDArray
from redis.asyncio import Redis

from services.fingerprints.adapters.outages import outages
from services.fingerprints.domain import Recording
from services.fingerprints.ports import Shelved, Standing
from services.fingerprints.terms import Found, Words, words_of
from shared.errors import SystemicError

PREFIX = "trackgate:fingerprints:"
BUILT = f"{PREFIX}built"
MOST_SAME = 50
_BUCKET_BYTES = 32_768
_SPREAD = np.uint32(2_654_435_761)
_REST_BITS = 12
_KEPT_ONE_IN = 4
_MOST_PROBED = 400
"""Words of which the neighbours are looked up as well: 33 places each, 45 ms of processor for all."""
_ENTRY = np.dtype([("number", "<u4"), ("position", "<u2"), ("rest", "<u2")])
_ASKED = np.dtype([("bucket", "<u4"), ("position", "<u2"), ("rest", "<u2")])

_WRITE_WORDS = """
local function write(words, into, number)
  for at = 1, #words, 8 do
    local bucket = struct.unpack('<I4', words, at)
    local key = into .. bucket
    if redis.call('STRLEN', key) < tonumber(ARGV[1]) then
      redis.call('APPEND', key, struct.pack('<I4', number) .. string.sub(words, at + 4, at + 7))
    end
  end
end
"""
_ADD = (
    _WRITE_WORDS
    + """
local prefix, track, facts, sound, words, at = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if redis.call('HEXISTS', prefix .. 'track:' .. track, 'number') == 1 then return 0 end
local number = redis.call('INCR', prefix .. 'count')
redis.call('HSET', prefix .. 'track:' .. track, 'number', number, 'facts', facts, 'sound', sound)
redis.call('HSET', prefix .. 'numbers', number, track)
for i = 8, #ARGV do redis.call('ZADD', prefix .. 'same:' .. ARGV[i], at, track) end
write(words, prefix .. 'words:', number)
return 1
"""
)
_KEEP = (
    _WRITE_WORDS
    + """
local prefix, track, words, at = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local number = redis.call('HGET', prefix .. 'track:' .. track, 'number')
if not number or redis.call('SADD', prefix .. 'kept', track) == 0 then return 0 end
for i = 6, #ARGV do redis.call('ZADD', prefix .. 'removed-same:' .. ARGV[i], at, track) end
write(words, prefix .. 'removed-words:', tonumber(number))
return 1
"""
)
_JUDGE = """
local known = redis.call('HGET', KEYS[1], ARGV[1])
local sequence, removed, ever = -1, '0', '0'
if known then sequence, removed, ever = string.match(known, '(%d+) (%d) (%d)') end
if ARGV[3] == '1' then ever = '1' end
if tonumber(ARGV[2]) >= tonumber(sequence) then sequence, removed = ARGV[2], ARGV[3] end
redis.call('HSET', KEYS[1], ARGV[1], sequence .. ' ' .. removed .. ' ' .. ever)
return {removed, ever}
"""


class RedisShelf:
    """``client`` must be made with ``decode_responses=False``."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._add = client.register_script(_ADD)
        self._keep = client.register_script(_KEEP)
        self._judge = client.register_script(_JUDGE)

    async def add(self, recording: Recording) -> None:
        sound = b"" if recording.sound is None else recording.sound.astype("<u4").tobytes()
        args: list[bytes | str | float] = [
            _BUCKET_BYTES,
            PREFIX,
            recording.track_id,
            _facts(recording),
            sound,
            _packed(recording, one_in=_KEPT_ONE_IN),
            recording.delivered_at.timestamp(),
            *_digests(recording),
        ]
        with outages():
            await self._add(keys=[], args=args)

    async def keep_findable(self, recording: Recording) -> None:
        args: list[bytes | str | float] = [
            _BUCKET_BYTES,
            PREFIX,
            recording.track_id,
            _packed(recording, one_in=1),
            recording.delivered_at.timestamp(),
            *_digests(recording),
        ]
        with outages():
            await self._keep(keys=[], args=args)

    async def judged(self, track_id: str, sequence: int, *, removed: bool) -> Standing:
        with outages():
            now, ever = await self._judge(keys=[f"{PREFIX}standing"], args=[track_id, sequence, int(removed)])
        return Standing(removed=now == b"1", ever=ever == b"1")

    async def load(self, track_ids: Collection[str]) -> Mapping[str, Shelved]:
        wanted = list(track_ids)
        if not wanted:
            return {}
        with outages():
            async with self._client.pipeline(transaction=False) as pipe:
                for track_id in wanted:
                    pipe.hmget(f"{PREFIX}track:{track_id}", ["facts", "sound"])
                pipe.hmget(f"{PREFIX}standing", wanted)
                *rows, standings = await pipe.execute()
        return {
            track_id: Shelved(_recording(track_id, facts, sound), removed=_is_removed(standing))
            for track_id, (facts, sound), standing in zip(wanted, rows, standings, strict=True)
            if facts is not None
        }

    async def same_bytes(self, recording: Recording) -> frozenset[str]:
        with outages():
            async with self._client.pipeline(transaction=False) as pipe:
                for digest in _digests(recording):
                    pipe.zrange(f"{PREFIX}same:{digest}", 0, MOST_SAME - 1)
                    pipe.zrange(f"{PREFIX}removed-same:{digest}", 0, MOST_SAME - 1)
                found = cast("list[list[bytes]]", await pipe.execute())
        return frozenset(track_id.decode() for tracks in found for track_id in tracks)

    async def find(self, words: Words) -> Found:
        """Raises SystemicError also where the shelf was emptied: nothing is "not found" on half a shelf."""
        with outages():
            async with self._client.pipeline(transaction=False) as pipe:
                pipe.exists(BUILT)
                pipe.scard(f"{PREFIX}kept")
                built, kept = await pipe.execute()
        if not built:
            raise SystemicError("the fingerprints are gone from Redis; they are being read again from Kafka")
        everywhere = await self._looked_up("words", words.sampled(_KEPT_ONE_IN))
        if not kept:
            return everywhere
        removed = await self._looked_up(
            "removed-words", words.sampled(max(1, -(-words.values.size // _MOST_PROBED))).with_neighbours()
        )
        return Found(
            np.concatenate([everywhere.here, removed.here]),
            np.concatenate([everywhere.number, removed.number]),
            np.concatenate([everywhere.there, removed.there]),
        )

    async def _looked_up(self, kind: str, words: Words) -> Found:
        asked = _spread(words)
        if not asked.size:
            return _entries((), asked)
        keys = [f"{PREFIX}{kind}:{bucket}" for bucket in asked["bucket"].tolist()]
        with outages():
            buckets = cast("list[bytes | None]", await self._client.mget(keys))
        return _entries(buckets, asked)

    async def numbered(self, numbers: Collection[int]) -> Mapping[int, str]:
        wanted = list(numbers)
        if not wanted:
            return {}
        with outages():
            found = cast(
                "list[bytes | None]",
                await self._client.hmget(f"{PREFIX}numbers", [str(number) for number in wanted]),
            )
        return {number: name.decode() for number, name in zip(wanted, found, strict=True) if name is not None}


def _entries(buckets: Sequence[bytes | None], asked: NDArray[np.void]) -> Found:
    here, number, there = [], [], []
    for word, content in zip(asked, buckets, strict=False):
        if content is None:
            continue
        entries = np.frombuffer(content, _ENTRY)
        entries = entries[entries["rest"] == word["rest"]]
        here.append(np.full(len(entries), word["position"], np.int64))
        number.append(entries["number"].astype(np.int64))
        there.append(entries["position"].astype(np.int64))
    none = [np.empty(0, np.int64)]
    return Found(np.concatenate(here or none), np.concatenate(number or none), np.concatenate(there or none))


def _spread(words: Words) -> NDArray[np.void]:
    spread = words.values * _SPREAD
    asked = np.empty(len(spread), _ASKED)
    asked["bucket"] = spread >> np.uint32(_REST_BITS)
    asked["rest"] = spread & np.uint32((1 << _REST_BITS) - 1)
    asked["position"] = words.positions
    return asked


def _packed(recording: Recording, *, one_in: int) -> bytes:
    if recording.sound is None:
        return b""
    return _spread(words_of(recording.sound).sampled(one_in)).tobytes()


def _digests(recording: Recording) -> tuple[str, ...]:
    return tuple(digest for digest in (recording.audio_sha256, recording.pcm_sha256) if digest is not None)


def _facts(recording: Recording) -> str:
    return json.dumps(
        {
            "distributor_id": recording.distributor_id,
            "delivered_at": recording.delivered_at.isoformat(),
            "audio_sha256": recording.audio_sha256,
            "seconds": recording.seconds,
            "claims": sorted(recording.claims),
            "pcm_sha256": recording.pcm_sha256,
            "fingerprinted": recording.sound is not None,
        }
    )


def _recording(track_id: str, facts: bytes, sound: bytes) -> Recording:
    said = json.loads(facts)
    return Recording(
        track_id=track_id,
        distributor_id=said["distributor_id"],
        delivered_at=datetime.fromisoformat(said["delivered_at"]),
        audio_sha256=said["audio_sha256"],
        seconds=said["seconds"],
        claims=frozenset(said["claims"]),
        pcm_sha256=said["pcm_sha256"],
        sound=np.frombuffer(sound, "<u4").astype(np.uint32) if said["fingerprinted"] else None,
    )


def _is_removed(standing: bytes | None) -> bool:
    return standing is not None and standing.split()[1] == b"1"
