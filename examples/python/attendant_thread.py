"""Reads the record of a call from Attendant: its outcome, where it was transferred to, the digits that were typed.

    python3 attendant_thread.py outcome  abc123
    python3 attendant_thread.py transfer abc123
    python3 attendant_thread.py digits   abc123

abc123 is the id that your PBX gave the call (header X-Uid). Set ATTENDANT_URL and ATTENDANT_API_KEY. Python 3.9 or later, nothing to
install.
"""

import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

URL = os.environ.get("ATTENDANT_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("ATTENDANT_API_KEY", "dev-key")


def get_thread(call_id):
    """The thread of a call. Raises urllib.error.HTTPError, whose body is a problem document with a code."""
    request = urllib.request.Request(
        f"{URL}/threads/{urllib.parse.quote(call_id, safe='')}", headers={"api-key": KEY}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def outcome(thread):
    """What the call came to: the arguments of end_dialog; None where it was not called."""
    return thread["outcome"]


def transfer_destination(thread):
    """Where the caller was transferred to; None where that did not happen."""
    completed = [attempt["to"] for attempt in thread["transfers"] if attempt["status"] == "completed"]
    return completed[-1] if completed else None


def digits(thread):
    """What the caller typed, collection by collection."""
    results = [json.loads(message["content"]) for message in thread["history"] if message["role"] == "tool"]
    return [result["digits"] for result in results if "digits" in result]


WHAT = {"outcome": outcome, "transfer": transfer_destination, "digits": digits}


def main(arguments):
    if len(arguments) != 2 or arguments[0] not in WHAT:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(json.dumps(WHAT[arguments[0]](get_thread(arguments[1]))))
        return 0
    except urllib.error.HTTPError as error:
        problem = json.load(error)
        print(f"{problem['code']}: {problem['detail']}. {problem['mend']}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
