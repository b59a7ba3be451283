"""What was asked, answered and received: all that the checker judges by. Knows no server."""

from dataclasses import dataclass, field


@dataclass
class Ask:
    """One report that somebody asked for, and what its snapshot must hold."""

    tenant: str
    report_id: str
    # Customer to her (orders, cents), and the counts of orders and lines; as of the submission.
    customers: dict
    orders: int
    lines: int
    # Filled in when the storm is over: the report, and its customers page by page.
    report: dict | None = None
    found: dict | None = None


@dataclass
class Post:
    """One webhook, as the receiver got it."""

    tenant: str
    webhook_id: str
    body: str
    genuine: bool


@dataclass
class History:
    asks: list = field(default_factory=list)
    posts: list = field(default_factory=list)
    # Details of the events on the bus.
    events: list = field(default_factory=list)
    # Uploads that were imported.
    imports: list = field(default_factory=list)
    # Same Idempotency-Key, asked at once: the ids that came back.
    twins: list = field(default_factory=list)
    # Customers that were erased at some time: (tenant, customer).
    erased: set = field(default_factory=set)
    # Another tenant's report: the status it got.
    foreign: list = field(default_factory=list)
    # Answers in which another tenant's names stood; log lines with a secret.
    leaks: list = field(default_factory=list)
    # Answers that no client should get.
    strange: list = field(default_factory=list)
