"""Follows a lot over a WebSocket by the documented rules alone; prints where it stands. Arguments: address, token."""

import asyncio
import json
import random
import sys

import websockets

BACKOFF_MIN_S, BACKOFF_MAX_S = 0.25, 20


async def follow(address, token):
    epoch, seq, wait = None, None, BACKOFF_MIN_S
    while True:
        place = f"&epoch={epoch}&after={seq}" if seq is not None else ""
        try:
            headers = {"Authorization": f"Bearer {token}"}
            async with websockets.connect(f"ws://{address}/ws?lot=main{place}", additional_headers=headers) as socket:
                wait = BACKOFF_MIN_S
                async for text in socket:
                    frame = json.loads(text)
                    if frame["type"] == "hello":
                        epoch = frame["epoch"]
                    elif frame["type"] == "snapshot":
                        seq = frame["seq"]
                        print("start", seq, flush=True)
                    elif frame["type"] == "events":
                        for event in frame["events"]:
                            if event["seq"] > seq + 1:
                                raise OSError("an event is missing")
                            if event["seq"] == seq + 1:
                                seq += 1
                                print(seq, flush=True)
                    elif frame["type"] == "lagged":
                        seq = frame["to"]
        except websockets.ConnectionClosed as closed:
            if closed.rcvd and 4500 <= closed.rcvd.code <= 4999:
                raise
        except (OSError, websockets.InvalidHandshake):
            pass
        await asyncio.sleep(random.uniform(0, wait))
        wait = min(wait * 2, BACKOFF_MAX_S)


asyncio.run(follow(*sys.argv[1:]))
