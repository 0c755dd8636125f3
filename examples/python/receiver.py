"""Receives Attendant's webhooks at POST /webhook/call-end, checks that they are genuine, and fetches the thread of the call.

    WEBHOOK_SECRET=whsec_... python3 receiver.py [port]

The secret is in the answer to POST /webhooks. Prints a line of JSON for each call that ended.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from attendant_thread import get_thread

SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].split("_", 1)[1])
MOST_BYTES = 4 * 1024 * 1024
OLDEST_SECONDS = 300


def is_genuine(headers, body):
    """Standard Webhooks: one of the signatures is of the id, the time and the body, and the time is now."""
    message, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "0")
    signed = f"{message}.{at}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET, signed, hashlib.sha256).digest()).decode()
    given = [part.split(",", 1)[-1] for part in headers.get("webhook-signature", "").split()]
    is_now = at.isdigit() and abs(time.time() - int(at)) < OLDEST_SECONDS
    return is_now and any(hmac.compare_digest(expected, signature) for signature in given)


class Receiver(BaseHTTPRequestHandler):
    timeout = 10

    def do_POST(self):
        length = int(self.headers.get("content-length", "0"))
        if self.path != "/webhook/call-end" or length > MOST_BYTES:
            return self.answer(404, {"status": "unknown"})
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body):
            return self.answer(401, {"status": "not genuine"})
        call_id = json.loads(body)["call_id"]
        thread = get_thread(call_id)
        print(json.dumps({"call_id": call_id, "outcome": thread["outcome"]}), flush=True)
        return self.answer(200, {"status": "processed"})

    def answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Its own lines go to stdout; the address of every request is nobody's business."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 9000), Receiver)
    print(json.dumps({"listening": server.server_address[1]}), flush=True)
    server.serve_forever()
