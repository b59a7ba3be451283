"""A receiver of webhooks that is moody: of each event it may refuse the first attempt."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from history import Post


class Receiver:
    def __init__(self, history, random, secrets):
        self.history, self.random, self.secrets, self.seen = history, random, secrets, set()
        self.lock, self.calm = threading.Lock(), False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                status = receiver.take(self.path.rsplit("/", 1)[1], self.headers, body)
                if status is None:
                    return self.connection.close()
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, tenant):
        return f"http://127.0.0.1:{self.server.server_port}/hooks/{tenant}"

    def take(self, tenant, headers, body):
        webhook_id = headers["webhook-id"]
        with self.lock:
            self.history.posts.append(Post(tenant, webhook_id, body, self.genuine(tenant, headers, body)))
            first = webhook_id not in self.seen
            self.seen.add(webhook_id)
            mood = self.random.choice([200, 200, 200, 500, 429, None]) if first and not self.calm else 204
        if mood is None and self.random.random() < 0.3:
            # Slow, but in time.
            time.sleep(2)
        return mood

    def genuine(self, tenant, headers, body):
        key = base64.b64decode(self.secrets[tenant].removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body}".encode()
        mac = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        in_time = abs(time.time() - int(headers["webhook-timestamp"])) < 300
        return in_time and f"v1,{mac}" in headers["webhook-signature"].split(" ") and bool(json.loads(body))
